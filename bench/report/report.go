// Package report writes the results of a benchmark: as text for a terminal, as JSON, and as a page
// with a plot.
package report

import (
	"fmt"
	"slices"
	"time"
)

// Report is the result of one run on one machine.
type Report struct {
	Machine  Machine
	Began    time.Time
	Took     time.Duration
	Sections []Section
}

// Section is a group of rows with an explanation of how they were measured.
type Section struct {
	Title string
	Text  string // Markdown; may be empty
	Rows  []Row
}

// Row is one comparison: values measured in the same rounds, and claims about them.
type Row struct {
	Name    string // what is measured
	Against string // what it is compared with; may be empty
	Figures []Figure
	Claims  []Claim
	Notes   []string // Markdown, a sentence or more each
	Plot    bool     // its figures are bars of the plot; they have one unit then
}

// Figure is a measured quantity with one value per round.
type Figure struct {
	Name   string
	Unit   string // "requests/s", "ms", "MB", ...; "" for a ratio
	Values []float64
}

// Claim is a figure with a goal.
type Claim struct {
	Figure
	Goal Goal
}

// Goal is a bound for a figure's median.
type Goal struct {
	Kind  GoalKind
	Bound float64
}

// GoalKind is the direction of a goal.
type GoalKind uint8

const (
	NoGoal  GoalKind = iota // the figure has no bound
	AtLeast                 // the median must reach the bound
	AtMost                  // the median must not exceed the bound
)

// Median returns the median, or 0 if there are no values.
func (f Figure) Median() float64 {
	if len(f.Values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(f.Values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Spread returns the minimum and the maximum, both 0 if there are no values.
func (f Figure) Spread() (least, greatest float64) {
	if len(f.Values) == 0 {
		return 0, 0
	}
	return slices.Min(f.Values), slices.Max(f.Values)
}

// Reached reports whether the goal is reached. Without values, it is not.
func (c Claim) Reached() bool {
	switch {
	case c.Goal.Kind == NoGoal:
		return true
	case len(c.Values) == 0:
		return false
	case c.Goal.Kind == AtLeast:
		return c.Median() >= c.Goal.Bound
	default:
		return c.Median() <= c.Goal.Bound
	}
}

// Ratio returns a/b by round, so that whatever slows down a whole round cancels out. It panics if
// the numbers of rounds differ.
func Ratio(name string, a, b Figure, goal Goal) Claim {
	return combine(name, "", a, b, goal, func(x, y float64) float64 { return x / y })
}

// Difference returns a−b by round, in their unit. It panics if the numbers of rounds differ.
func Difference(name string, a, b Figure, goal Goal) Claim {
	return combine(name, a.Unit, a, b, goal, func(x, y float64) float64 { return x - y })
}

func combine(name, unit string, a, b Figure, goal Goal, of func(x, y float64) float64) Claim {
	if len(a.Values) != len(b.Values) {
		panic(fmt.Sprintf("%s: %d rounds of %s and %d of %s", name, len(a.Values), a.Name, len(b.Values), b.Name))
	}
	values := make([]float64, len(a.Values))
	for i := range values {
		values[i] = of(a.Values[i], b.Values[i])
	}
	return Claim{Figure{Name: name, Unit: unit, Values: values}, goal}
}

// Reached returns the number of goals, and how many of them are reached.
func (r *Report) Reached() (reached, goals int) {
	for _, section := range r.Sections {
		for _, row := range section.Rows {
			for _, claim := range row.Claims {
				if claim.Goal.Kind == NoGoal {
					continue
				}
				goals++
				if claim.Reached() {
					reached++
				}
			}
		}
	}
	return reached, goals
}
