package i18n

import (
	"fmt"
	"html/template"
	"time"
)

// Date returns the date of a time in the time's own zone, such as "30 November 2026".
func (l *Language) Date(t time.Time) string {
	month := l.Text(fmt.Sprintf("date.month_%d", t.Month()))
	return l.Text("date.date", "Day", t.Day(), "Month", month, "Year", t.Year())
}

// Time returns a point in time in UTC, such as "30 November 2026, 20:15 UTC".
func (l *Language) Time(t time.Time) string {
	t = t.UTC()
	return l.Text("date.time", "Date", l.Date(t), "Time", t.Format("15:04"))
}

func (l *Language) dateTag(t time.Time) template.HTML {
	return timeElement(t.Format(time.DateOnly), l.Date(t))
}

func (l *Language) timeTag(t time.Time) template.HTML {
	return timeElement(t.UTC().Format(time.RFC3339), l.Time(t))
}

func timeElement(machine, text string) template.HTML {
	return template.HTML(`<time datetime="` + machine + `">` + template.HTMLEscapeString(text) + `</time>`)
}
