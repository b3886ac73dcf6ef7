# Writes made-up passengers in the form of vcdExtra's Titanicp: Rscript make.R, with R 4.2.2. Nobody of them was on the ship.
e <- new.env()
e$Titanicp <- data.frame(
  pclass = factor(c("1st", "3rd", "2nd", "3rd"), levels = c("1st", "2nd", "3rd")),
  survived = factor(c("survived", "died", "died", NA), levels = c("died", "survived")),
  sex = factor(c("female", "male", "male", "female")),
  age = c(29, 0.9167, NA, 40), sibsp = c(0, 1, 2, 0), parch = c(0, 2, 0, 1))
tools:::makeLazyLoadDB(e, "Rdata", compress = 1)
names(e$Titanicp)[4] <- "years"
dir.create("other", FALSE)
tools:::makeLazyLoadDB(e, "other/Rdata", compress = 1)
