// Package bench measures the main job beside the physical limit of the same run:
//
//	make bench
//
// Figures are ratios where a limit is known; docs/benchmarks.md explains them.
//
// Stability: for the tests of this module only; it may change with any version.
package bench
