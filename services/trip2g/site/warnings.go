package site

import (
	"cmp"
	"strings"
	"sync"

	"trip2g/services/trip2g"
)

// maxWarnings bounds what is told of what is wrong with a vault.
const maxWarnings = 1000

// warning is what is wrong with a note.
type warning struct {
	about warningKind
	path  string
	id    int64
	doc   *trip2g.Document // whose warnings these are, if they are about its text
	text  string           // else
}

// warningKind orders warnings.
type warningKind uint8

const (
	aboutText warningKind = iota
	aboutSlug
	aboutClash
	aboutHome
)

func compareWarnings(a, b warning) int {
	if c := cmp.Compare(a.about, b.about); c != 0 {
		return c
	}
	if c := strings.Compare(a.path, b.path); c != 0 {
		return c
	}
	return cmp.Compare(a.id, b.id)
}

// warningsOf lists what is wrong with an entry's address.
func warningsOf(e *entry) []warning {
	var list []warning
	if text, ok := slugWarning(e); ok {
		list = append(list, warning{about: aboutSlug, path: e.Path, id: e.ID, text: text})
	}
	if text, ok := clashWarning(e); ok {
		list = append(list, warning{about: aboutClash, path: e.Path, id: e.ID, text: text})
	}
	return list
}

// warningList is made when somebody asks for it. Contents between which no warning changed share one.
type warningList struct {
	of   sorted[warning]
	once sync.Once
	list []trip2g.Warning
}

func (l *warningList) all() []trip2g.Warning {
	l.once.Do(func() {
		for w := range l.of.from(warning{}) {
			if w.doc != nil {
				l.list = append(l.list, w.doc.Warnings...)
			} else {
				l.list = append(l.list, trip2g.Warning{Path: w.path, Text: w.text})
			}
			if len(l.list) >= maxWarnings {
				l.list = l.list[:maxWarnings]
				return
			}
		}
	})
	return l.list
}
