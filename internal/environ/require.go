package environ

import (
	"errors"
	"slices"
	"strings"
)

// Require returns an error that names, sorted, the fields of pkg's Config that
// absent maps to true; nil when there are none.
func Require(pkg string, absent map[string]bool) error {
	var list []string
	for name, is := range absent {
		if is {
			list = append(list, "Config."+name+" is required")
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return errors.New(pkg + ": " + strings.Join(list, ", "))
}

// Default sets *v to d where *v is the zero value.
func Default[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Positive sets *v to d where *v is zero or less.
func Positive[T ~int | ~int64](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}
