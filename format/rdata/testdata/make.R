# Writes the files of this folder, which R 4.2.2 made: Rscript make.R
# The tests know what is in them from this script.
options(scipen = 0)
frame <- data.frame(
  id = 1:5,
  size = c(1.5, NA, NaN, Inf, -2),
  kind = factor(c("b", "a", NA, "b", "c"), levels = c("c", "b", "a")),
  name = c("x", NA, "", "\u00e9t\u00e9", "y"),
  ok = c(TRUE, FALSE, NA, TRUE, FALSE),
  stringsAsFactors = FALSE)
named <- data.frame(v = c(1, 2), row.names = c("first", "second"))
latin <- c("caf\xe9"); Encoding(latin) <- "latin1"
things <- list(a = 1L, b = list(c = "deep", 2.5), none = NULL, z = complex(real = 1, imaginary = -2), raw = as.raw(c(0, 255)),
  f = y ~ x + 1, fun = compiler::cmpfun(function(x, ...) { for (i in 1:3) x <- x + i; if (x > 2) x else "no" }),
  env = local({ self <- environment(); q <- 1; self }), sum = sum, m = matrix(1:6, 2), latin = latin, e = expression(a + b), dots = pairlist(u = 1, 2))
shared <- as.name("again")
things$symbols <- list(shared, shared)
wrapped <- sort(c(3.5, 1.5, 2.5, runif(0), as.numeric(100:200)))   # keeps what it knows of its order
numbers <- c(1, 100000, 123456, 0.1 + 0.2, 1/3, 1e-5, 0.0001, 1e15, 123456789012345678, -2.5e300, NA, NaN, -Inf, 0)

saveRDS(frame, "frame.rds")
saveRDS(frame, "frame2.rds", version = 2)
saveRDS(frame, "frame.bz2.rds", compress = "bzip2")
saveRDS(named, "named.rds", compress = FALSE)
saveRDS(frame, "xz.rds", compress = "xz")
saveRDS(frame, "ascii.rds", ascii = TRUE, compress = FALSE)
saveRDS(things, "things.rds")
saveRDS(list(ints = 1:1000, down = 10:1, reals = as.numeric(5:9), wrapped = wrapped, texts = as.character(1:12), deferred = as.character(numbers)), "altrep.rds")
save(frame, named, wrapped, file = "two.rda")
save(frame, file = "two2.rda", version = 2, compress = "bzip2")
for (type in 0:3) {
  e <- new.env()
  e$frame <- frame
  e$text <- paste(rep("long enough to be compressed", 20), collapse = " ")
  tools:::makeLazyLoadDB(e, paste0("lazy", type), compress = type)
}
