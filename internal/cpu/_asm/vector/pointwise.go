package main

func pointwise() {}
