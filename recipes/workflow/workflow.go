// Package workflow holds the rows of the catalog's area U: how models are chosen, documented, shared and judged.
package workflow
