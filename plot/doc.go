// Package plot draws the pictures of a run folder: learning curves, confusion
// matrices, grids of images, heat maps, scatter plots, histograms, bars and
// decision regions.
//
// One function draws one kind of picture into one file. The ending of the path
// chooses the format: ".png" (2 pixels per point) or ".svg". The file is
// replaced atomically, so that a reader, or a crash, sees the old picture or the
// new one. The inputs are plain Go values ([]float64, image.Image), the same
// inputs give the same bytes, and any number of goroutines may draw at once.
//
// Sizes are in points: a default chart is 640 x 400 points, 1280 x 800 pixels. A page
// of more than 8192 points a side, or 2^23 square points, is an error, so that no
// input takes unbounded memory. Any number of points or bins is drawn: what is too
// much for shapes becomes a picture inside the picture, also in SVG.
//
// Series and classes take the colours of Okabe and Ito ("Color Universal
// Design", 2008) and two more, which stay apart for colour-blind readers; an
// eleventh series repeats the first colour with another dash or marker.
//
// Text is set in Liberation Sans (Latin, Greek, Cyrillic). Other characters are
// drawn as boxes in PNG; SVG leaves them to the fonts of the viewer.
//
// A NaN or an infinity is data that is missing, never a crash: it breaks a line,
// leaves a point out, and marks a cell or a pixel. Numbers beyond 1e300 count as
// infinite, and on a logarithmic axis those below 1e-300 as not positive. Errors are
// one line that names the function, the argument and the mend; nothing is written
// then.
package plot
