// Package explain shows what an image classifier looks at: where in a picture it found its class (saliency, guided back-propagation,
// occlusion, class activation maps, Grad-CAM, integrated gradients), and what its units answer to (activation maximisation, DeepDream,
// pictures of filters and feature maps).
//
// Any nn.Layer that maps pictures (N, C, H, W) to scores (N, classes) can be explained: nothing is asked of the model, as what is between
// comes from watching the ops that it applies. Networks are explained as they infer, as nn.Eval makes them. Scores are explained as they
// are, logits in most cases; to explain probabilities give nn.NewSequential(model, softmax).
//
// Most functions take classes: nil explains the class of each picture's largest score, one class is that of all pictures, else there is
// one for each. They panic with ErrShape where pictures or scores have another shape, with ErrValue where the classes do not fit, and with
// ErrGraph where the scores do not depend on the pictures through differentiable ops.
//
// metrics.PointingGame and metrics.Deletion measure how good an explanation is; a map that stays the same when the weights are drawn
// anew explains nothing (J. Adebayo et al., 2018, Sanity checks for saliency maps).
package explain
