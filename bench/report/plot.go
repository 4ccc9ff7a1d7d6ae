package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
)

// Dimensions of the plot, in pixels.
const (
	plotWidth  = 760
	labelWidth = 250 // of a bar's name
	valueWidth = 140 // of its value
	barHeight  = 18
	barGap     = 6
	headHeight = 34 // of a row's title
	margin     = 12
)

// plotStyle has colors for light and dark pages. As a separate image, the plot knows only the
// preference of the reader's system, so the text is legible on both.
const plotStyle = `text{font:13px system-ui,sans-serif;fill:#6f6f6f}.title{font-weight:600}.bar{fill:#9aa7b4}.spread{stroke:#6f6f6f;stroke-width:1.5}
@media(prefers-color-scheme:dark){text{fill:#a0a0a0}.bar{fill:#56616d}.spread{stroke:#c0c0c0}}
@media(prefers-color-scheme:light){text{fill:#404040}.spread{stroke:#404040}}
.bar.first{fill:#2f81f7}`

// WritePlot draws the rows with Plot as an SVG image with bars, each row to its own scale. The
// length of a bar is the median; a line shows the minimum and maximum. The first bar of a row is
// highlighted.
func (r *Report) WritePlot(w io.Writer) error {
	var body bytes.Buffer
	y := margin
	for _, section := range r.Sections {
		for _, row := range section.Rows {
			if row.Plot {
				y = row.plot(&body, y)
			}
		}
	}
	height := y + margin
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="Bars of the figures in the tables">`+"\n",
		plotWidth, height, plotWidth, height)
	fmt.Fprintf(&b, "<style>%s</style>\n", plotStyle)
	body.WriteTo(&b)
	b.WriteString("</svg>\n")
	_, err := b.WriteTo(w)
	return err
}

// plot draws a row at y and returns the y coordinate below it.
func (r Row) plot(b *bytes.Buffer, y int) int {
	fmt.Fprintf(b, `<text class="title" x="%d" y="%d">%s</text>`+"\n", margin, y+20, escaped(r.Name))
	y += headHeight
	greatest := 0.0
	for _, figure := range r.Figures {
		_, most := figure.Spread()
		greatest = math.Max(greatest, most)
	}
	if greatest <= 0 {
		greatest = 1
	}
	const left, width = margin + labelWidth, plotWidth - 2*margin - labelWidth - valueWidth
	for i, figure := range r.Figures {
		class := "bar"
		if i == 0 {
			class = "bar first"
		}
		at := func(v float64) float64 { return left + width*math.Max(0, v)/greatest }
		least, most := figure.Spread()
		middle := y + barHeight/2
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, left-8, middle+4, escaped(figure.Name))
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`, class, left, y, at(figure.Median())-left, barHeight)
		fmt.Fprintf(b, `<line class="spread" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`, at(least), middle, at(most), middle)
		fmt.Fprintf(b, `<text x="%.1f" y="%d">%s</text>`+"\n", at(most)+8, middle+4, escaped(figure.value()))
		y += barHeight + barGap
	}
	return y + margin
}

func escaped(text string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(text)) // writes to a bytes.Buffer do not fail
	return b.String()
}
