// Package missing says which settings of a Config are missing, the same way for
// every engine.
package missing

import (
	"errors"
	"slices"
	"strings"
)

// Settings returns an error that names, in order, the settings of pkg's Config
// that are marked missing; nil when none is.
func Settings(pkg string, is map[string]bool) error {
	var list []string
	for name, absent := range is {
		if absent {
			list = append(list, "Config."+name+" is required")
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return errors.New(pkg + ": " + strings.Join(list, ", "))
}
