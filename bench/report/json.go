package report

import (
	"encoding/json"
	"io"
	"math"
	"time"
)

// document is the report in JSON.
type document struct {
	Machine  Machine       `json:"machine"`
	Began    time.Time     `json:"began"`
	Seconds  float64       `json:"seconds"`
	Reached  int           `json:"goals_reached"`
	Goals    int           `json:"goals"`
	Sections []jsonSection `json:"sections"`
}

type jsonSection struct {
	Title string    `json:"title"`
	Rows  []jsonRow `json:"rows"`
}

type jsonRow struct {
	Name    string       `json:"name"`
	Against string       `json:"against,omitempty"`
	Figures []jsonFigure `json:"figures"`
	Claims  []jsonFigure `json:"claims,omitempty"`
	Notes   []string     `json:"notes,omitempty"`
}

// jsonFigure is a figure, or a claim if it has a goal. Values are by round.
type jsonFigure struct {
	Name    string    `json:"name"`
	Unit    string    `json:"unit,omitempty"`
	Median  *float64  `json:"median"`
	Values  []float64 `json:"values"`
	Goal    string    `json:"goal,omitempty"`
	Reached *bool     `json:"reached,omitempty"`
}

// WriteJSON writes the report with all values of all rounds.
func (r *Report) WriteJSON(w io.Writer) error {
	d := document{Machine: r.Machine, Began: r.Began.UTC().Truncate(time.Second), Seconds: math.Round(r.Took.Seconds())}
	d.Reached, d.Goals = r.Reached()
	for _, section := range r.Sections {
		s := jsonSection{Title: section.Title}
		for _, row := range section.Rows {
			s.Rows = append(s.Rows, row.json())
		}
		d.Sections = append(d.Sections, s)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(d)
}

func (r Row) json() jsonRow {
	row := jsonRow{Name: r.Name, Against: r.Against, Notes: r.Notes}
	for _, figure := range r.Figures {
		row.Figures = append(row.Figures, figure.json())
	}
	for _, claim := range r.Claims {
		c := claim.json()
		if c.Goal = claim.goal(); c.Goal != "" {
			reached := claim.Reached()
			c.Reached = &reached
		}
		row.Claims = append(row.Claims, c)
	}
	return row
}

// json omits values that JSON cannot represent, such as the ratio to 0.
func (f Figure) json() jsonFigure {
	figure := jsonFigure{Name: f.Name, Unit: f.Unit, Values: []float64{}}
	for _, value := range f.Values {
		if finite(value) {
			figure.Values = append(figure.Values, rounded(value))
		}
	}
	if median := f.Median(); len(f.Values) > 0 && finite(median) {
		median = rounded(median)
		figure.Median = &median
	}
	return figure
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// rounded rounds to six decimal places.
func rounded(v float64) float64 { return math.Round(v*1e6) / 1e6 }
