package render

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"testing"
)

// Minimum contrasts of text and of the borders of fields (WCAG 2.2, 1.4.3 and 1.4.11).
const (
	textContrast = 4.5
	edgeContrast = 3
)

// TestTextIsReadableInBothThemes computes the contrast of each pair of colors that the stylesheet
// shows on each other.
func TestTextIsReadableInBothThemes(t *testing.T) {
	css, err := staticFiles.ReadFile("static/site.css")
	if err != nil {
		t.Fatal(err)
	}
	colors := make(map[string][2]color)
	for _, m := range regexp.MustCompile(`--([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);`).FindAllSubmatch(css, -1) {
		colors[string(m[1])] = [2]color{parseColor(t, string(m[2])), parseColor(t, string(m[3]))}
	}
	kinds := []string{"blue", "teal", "green", "amber", "red", "violet", "grey"}
	grounds := []string{"page", "surface", "raised"}
	for theme, themeName := range []string{"light", "dark"} {
		check := func(front, back string, behind color, least float64) {
			c, ok := colors[front]
			if !ok {
				t.Fatalf("the stylesheet has no colour --%s", front)
			}
			if got := contrast(c[theme], behind); got < least {
				t.Errorf("%s: --%s on %s has a contrast of %.2f, less than %.1f", themeName, front, back, got, least)
			}
		}
		for _, ground := range grounds {
			behind, ok := colors[ground]
			if !ok {
				t.Fatalf("the stylesheet has no colour --%s", ground)
			}
			for _, front := range append([]string{"text", "muted", "accent", "missing"}, kinds...) {
				check(front, "--"+ground, behind[theme], textContrast)
			}
			check("edge", "--"+ground, behind[theme], edgeContrast)
		}
		for _, front := range []string{"text", "muted", "accent"} {
			check(front, "--accent-soft", colors["accent-soft"][theme], textContrast)
		}
		check("text", "--mark", colors["mark"][theme], textContrast)
		check("on-accent", "--accent", colors["accent"][theme], textContrast)
		for _, kind := range kinds { // callouts have 7 % of their color over the page
			behind := colors[kind][theme].over(colors["page"][theme], 0.07)
			for _, front := range []string{"text", "muted", "accent", "missing", kind} {
				check(front, "a callout in --"+kind, behind, textContrast)
			}
		}
	}
}

// color is an sRGB color with components from 0 to 1.
type color [3]float64

func parseColor(t *testing.T, hex string) (c color) {
	t.Helper()
	for i := range c {
		part, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c[i] = float64(part) / 255
	}
	return c
}

// over mixes a share of the color into another one, as color-mix(in srgb) does.
func (c color) over(other color, share float64) (mixed color) {
	for i := range c {
		mixed[i] = c[i]*share + other[i]*(1-share)
	}
	return mixed
}

// luminance returns WCAG's relative luminance.
func (c color) luminance() float64 {
	linear := func(part float64) float64 {
		if part <= 0.04045 {
			return part / 12.92
		}
		return math.Pow((part+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

func contrast(a, b color) float64 {
	x, y := a.luminance(), b.luminance()
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func TestContrastIsComputedAsWCAGSays(t *testing.T) {
	black, white, grey := color{}, color{1, 1, 1}, parseColor(t, "767676")
	if got := fmt.Sprintf("%.2f %.2f", contrast(black, white), contrast(white, grey)); got != "21.00 4.54" {
		t.Errorf("contrasts are %s", got)
	}
}
