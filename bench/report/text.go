package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteText writes the report as a table for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, section := range r.Sections {
		fmt.Fprintf(table, "\n%s\n", strings.ToUpper(section.Title))
		for _, row := range section.Rows {
			fmt.Fprintf(table, "\n%s\n", row.title())
			for _, figure := range row.Figures {
				fmt.Fprintf(table, "  %s\t%s\t%s\n", figure.Name, figure.value(), figure.spread())
			}
			for _, claim := range row.Claims {
				fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", claim.Name, claim.value(), claim.spread(), claim.verdict())
			}
		}
	}
	reached, goals := r.Reached()
	fmt.Fprintf(table, "\n%d of %d goals reached. %s\n", reached, goals, r.Machine)
	return table.Flush()
}

// title returns the row's name and what it is compared with.
func (r Row) title() string {
	if r.Against == "" {
		return r.Name
	}
	return r.Name + " (against: " + r.Against + ")"
}

// value returns the median with its unit.
func (f Figure) value() string {
	if len(f.Values) == 0 {
		return "not measured"
	}
	return withUnit(number(f.Median()), f.Unit)
}

// spread returns the minimum and maximum; "" for fewer than two values.
func (f Figure) spread() string {
	if len(f.Values) < 2 {
		return ""
	}
	least, greatest := f.Spread()
	return number(least) + "–" + number(greatest)
}

// goal returns the goal as text; "" if there is none.
func (c Claim) goal() string {
	switch c.Goal.Kind {
	case AtLeast:
		return "≥ " + withUnit(number(c.Goal.Bound), c.Unit)
	case AtMost:
		return "≤ " + withUnit(number(c.Goal.Bound), c.Unit)
	default:
		return ""
	}
}

// verdict returns the goal and whether it is reached, for the terminal.
func (c Claim) verdict() string {
	switch {
	case c.Goal.Kind == NoGoal:
		return ""
	case c.Reached():
		return c.goal() + ": reached"
	default:
		return c.goal() + ": NOT REACHED"
	}
}

func withUnit(number, unit string) string {
	if unit == "" {
		return number
	}
	return number + " " + unit
}

// number formats a value with three significant digits, or with all digits of its integer part and
// thousands separators.
func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	size := math.Abs(v)
	switch {
	case v == math.Trunc(v) && size < 1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case size < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case size < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return thousands(int64(math.Round(v)))
	}
}

func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, digit := range digits {
		if left := len(digits) - i; i > 0 && digits[i-1] != '-' && left%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// String describes the machine in one line.
func (m Machine) String() string {
	parts := []string{m.CPU, fmt.Sprintf("%d cores", m.Cores), fmt.Sprintf("%.0f GB of memory", float64(m.Memory)/1e9), m.Kernel, "Go " + m.Go}
	return strings.Join(append(parts, m.Tools...), ", ")
}
