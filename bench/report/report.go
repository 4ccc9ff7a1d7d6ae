// Package report keeps what a benchmark measured and tells it: as a table for a terminal, as JSON, and
// as a page with a plot.
package report

import (
	"fmt"
	"slices"
	"time"
)

// Report is what one run measured, on one machine.
type Report struct {
	Machine  Machine
	Began    time.Time
	Took     time.Duration
	Sections []Section
}

// Section is rows that have one subject, with what a reader must know of how they were measured.
type Section struct {
	Title string
	Text  string // Markdown; may be empty
	Rows  []Row
}

// Row is one line of the table: figures measured side by side, and what is claimed of them.
type Row struct {
	Name    string // what is measured
	Against string // what it is compared with; may be empty
	Figures []Figure
	Claims  []Claim
	Notes   []string // Markdown, a sentence or more each
	Plot    bool     // its figures are bars of the plot; they have one unit then
}

// Figure is something that was measured, once a round.
type Figure struct {
	Name   string
	Unit   string // "requests/s", "ms", "MB", ...; "" for a ratio
	Values []float64
}

// Claim is a figure with the bound that it has to keep.
type Claim struct {
	Figure
	Goal Goal
}

// Goal is a bound of a figure's median.
type Goal struct {
	Kind  GoalKind
	Bound float64
}

// GoalKind says on which side of its bound a median has to be.
type GoalKind uint8

const (
	NoGoal  GoalKind = iota // the figure is told for itself
	AtLeast                 // the median is to be the bound or more
	AtMost                  // the median is to be the bound or less
)

// Median is the middle value, of two middle ones their mean, and 0 if there is none.
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

// Spread is the least and the greatest value, both 0 if there is none.
func (f Figure) Spread() (least, greatest float64) {
	if len(f.Values) == 0 {
		return 0, 0
	}
	return slices.Min(f.Values), slices.Max(f.Values)
}

// Reached tells whether the goal is kept. Without a value no goal is.
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

// Ratio is a/b of each round, so that what slows a whole round down cancels out. It panics if the
// figures have different numbers of rounds.
func Ratio(name string, a, b Figure, goal Goal) Claim {
	return combine(name, "", a, b, goal, func(x, y float64) float64 { return x / y })
}

// Difference is a−b of each round, in their unit. It panics as Ratio does.
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

// Reached counts the goals, and those that are kept.
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
