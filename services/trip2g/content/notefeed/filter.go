package notefeed

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"trip2g/services/trip2g"
)

// Limits of a filter. Each {a,b} multiplies the cost of matching a path.
const (
	maxPatterns     = 100
	maxAlternatives = 2 // {a,b} pairs in one pattern
)

// checkFilter returns EINVALID for a filter with an invalid pattern.
func checkFilter(filter trip2g.NoteChangeFilter) error {
	for name, patterns := range map[string][]string{"includePatterns": filter.Include, "excludePatterns": filter.Exclude} {
		if len(patterns) > maxPatterns {
			return trip2g.Errorf(trip2g.EINVALID, "%s has %d patterns; at most %d are taken", name, len(patterns), maxPatterns)
		}
		for _, pattern := range patterns {
			if fault := patternFault(pattern); fault != "" {
				return trip2g.Errorf(trip2g.EINVALID, "%s has %.100q, which %s", name, pattern, fault)
			}
		}
	}
	return nil
}

func patternFault(pattern string) string {
	switch {
	case len(pattern) > trip2g.MaxPathLength:
		return fmt.Sprintf("is longer than %d bytes", trip2g.MaxPathLength)
	case !utf8.ValidString(pattern) || !doublestar.ValidatePattern(pattern):
		return "is no pattern: close every [ and {, and put \\ before one that is meant as it is"
	case strings.Count(pattern, "{") > maxAlternatives:
		return fmt.Sprintf("has {} more than %d times: give several patterns instead", maxAlternatives)
	}
	return ""
}

// pick returns the changes that match the filter.
func pick(changes []trip2g.NoteChange, filter trip2g.NoteChangeFilter) []trip2g.NoteChange {
	if len(filter.Include) == 0 && len(filter.Exclude) == 0 {
		return changes
	}
	var picked []trip2g.NoteChange
	for _, c := range changes {
		included := len(filter.Include) == 0 || matchesAny(filter.Include, c.Note.Path)
		if included && !matchesAny(filter.Exclude, c.Note.Path) {
			picked = append(picked, c)
		}
	}
	return picked
}

func matchesAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return doublestar.MatchUnvalidated(pattern, path) })
}
