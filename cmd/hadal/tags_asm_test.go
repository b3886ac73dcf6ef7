//go:build !noasm

package main

const buildTags = ""
