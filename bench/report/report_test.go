package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trip2g/bench/report"
	"trip2g/services/trip2g/content/markdown"
)

func figure(values ...float64) report.Figure {
	return report.Figure{Name: "figure", Unit: "ms", Values: values}
}

// A wrong median would be published as the result.
func TestMedianAndSpread(t *testing.T) {
	for _, test := range []struct {
		values                  []float64
		median, least, greatest float64
	}{
		{nil, 0, 0, 0},
		{[]float64{3}, 3, 3, 3},
		{[]float64{9, 1, 5}, 5, 1, 9},
		{[]float64{4, 1, 2, 9}, 3, 1, 9},
	} {
		f := figure(test.values...)
		least, greatest := f.Spread()
		if f.Median() != test.median || least != test.least || greatest != test.greatest {
			t.Errorf("%v: median %v, from %v to %v", test.values, f.Median(), least, greatest)
		}
	}
}

// A missed or unmeasured goal must not be shown as reached.
func TestReached(t *testing.T) {
	atLeast, atMost := report.Goal{Kind: report.AtLeast, Bound: 2}, report.Goal{Kind: report.AtMost, Bound: 2}
	for _, test := range []struct {
		values []float64
		goal   report.Goal
		want   bool
	}{
		{[]float64{1, 2, 3}, atLeast, true},
		{[]float64{1, 1.9, 3}, atLeast, false},
		{[]float64{1, 2, 3}, atMost, true},
		{[]float64{1, 2.1, 3}, atMost, false},
		{[]float64{math.NaN()}, atMost, false},
		{nil, atMost, false},
		{nil, report.Goal{}, true},
	} {
		if got := (report.Claim{Figure: figure(test.values...), Goal: test.goal}).Reached(); got != test.want {
			t.Errorf("%v for the goal %v: reached is %v", test.values, test.goal, got)
		}
	}
}

// A ratio of medians would change when the machine is slow in one round. The ratio of each round
// does not.
func TestRatiosAreMadeByRound(t *testing.T) {
	c := report.Ratio("a / b", figure(10, 2, 30), figure(20, 4, 60), report.Goal{})
	if !slices.Equal(c.Values, []float64{0.5, 0.5, 0.5}) || c.Unit != "" {
		t.Errorf("ratios are %v %s", c.Values, c.Unit)
	}
	d := report.Difference("a − b", figure(10, 2), figure(4, 1), report.Goal{})
	if !slices.Equal(d.Values, []float64{6, 1}) || d.Unit != "ms" {
		t.Errorf("differences are %v %s", d.Values, d.Unit)
	}
}

func example() *report.Report {
	fast, slow := report.Figure{Name: "replica", Unit: "requests/s", Values: []float64{49_400, 52_000, 1234.5}}, report.Figure{Name: "a <b> | c", Unit: "requests/s", Values: []float64{3, 2, 1}}
	return &report.Report{
		Machine: report.ThisMachine("a tool 1.0"),
		Began:   time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), Took: 3 * time.Minute,
		Sections: []report.Section{{Title: "Reading", Text: "How it was done.", Rows: []report.Row{{
			Name: "One page & more", Against: "a file server", Figures: []report.Figure{fast, slow}, Plot: true,
			Claims: []report.Claim{
				report.Ratio("replica / other", fast, slow, report.Goal{Kind: report.AtLeast, Bound: 0.85}),
				report.Ratio("other / replica", slow, fast, report.Goal{Kind: report.AtLeast, Bound: 5}),
				report.Ratio("by nothing", fast, report.Figure{Values: []float64{0, 0, 0}}, report.Goal{}),
			},
			Notes: []string{"A note."},
		}}}},
	}
}

// The terminal output must show a missed goal.
func TestTheTextTellsWhatWasMissed(t *testing.T) {
	var out bytes.Buffer
	if err := example().WriteText(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"49,400 requests/s", "1,235–52,000", "≥ 0.85: reached", "≥ 5: NOT REACHED", "1 of 2 goals reached", "a tool 1.0"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the text does not say %q:\n%s", want, out.String())
		}
	}
}

// The page is a note of the documentation. Its image and its figures must be pushed with it, and
// its tables must be rendered as tables.
func TestThePageIsANote(t *testing.T) {
	dir := t.TempDir()
	if err := example().WriteFiles(dir, "benchmarks"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	doc := markdown.Parse("benchmarks.md", string(text))
	slices.Sort(doc.AssetRefs)
	if doc.Title != "Benchmarks" || !slices.Equal(doc.AssetRefs, []string{"benchmarks.json", "benchmarks.svg"}) {
		t.Errorf("the title is %q, and the files are %q", doc.Title, doc.AssetRefs)
	}
	for _, want := range []string{"| a <b> \\| c | 2 requests/s | 1–3 | |", "≥ 0.85 ✓", "**not reached**", "| **by nothing** | **–** |"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page does not have %q:\n%s", want, text)
		}
	}
}

// A browser shows no image at all if its XML is invalid.
func TestThePlotIsAnImage(t *testing.T) {
	var out bytes.Buffer
	if err := example().WritePlot(&out); err != nil {
		t.Fatal(err)
	}
	decoder := xml.NewDecoder(&out)
	bars, texts := 0, ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "rect" {
				bars++
			}
		case xml.CharData:
			texts += string(token)
		}
	}
	if bars != 2 || !strings.Contains(texts, "a <b> | c") || !strings.Contains(texts, "One page & more") {
		t.Errorf("the plot has %d bars and the text %q", bars, texts)
	}
}

// Other programs read the figures. JSON has no number for a ratio to zero.
func TestTheJSONHasAllValues(t *testing.T) {
	var out bytes.Buffer
	if err := example().WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Machine  struct{ CPU string }
		Sections []struct {
			Rows []struct {
				Figures []struct{ Values []float64 }
				Claims  []struct {
					Goal    string
					Median  *float64
					Reached *bool
				}
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	row := got.Sections[0].Rows[0]
	if !slices.Equal(row.Figures[0].Values, []float64{49_400, 52_000, 1234.5}) {
		t.Errorf("the values are %v", row.Figures[0].Values)
	}
	if missed := row.Claims[1]; missed.Goal != "≥ 5" || missed.Reached == nil || *missed.Reached {
		t.Errorf("the missed goal is %+v", missed)
	}
	if nothing := row.Claims[2]; nothing.Median != nil || nothing.Reached != nil {
		t.Errorf("the ratio to nothing is %+v", nothing)
	}
}

// The page is public. It lists what a figure depends on, but does not identify the machine.
func TestTheMachineHasNoName(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	m := report.ThisMachine()
	if m.Cores < 1 || m.Memory < 1<<20 || m.Kernel == "" || m.Go == "" {
		t.Errorf("the machine is %+v", m)
	}
	if strings.Contains(m.String(), host) {
		t.Errorf("%q names the host", m)
	}
}
