package i18n

import "strings"

// htmlSuffix ends the keys of messages that are HTML.
const htmlSuffix = "_html"

// Funcs returns the functions of a template in the language.
//
//	t             a message by its key, followed by pairs of a placeholder's name and its value
//	lang          the language's tag, for lang attributes
//	date          a date as a <time> element
//	time, timeTag a point in time as text, and as a <time> element
func (l *Language) Funcs() map[string]any {
	return map[string]any{
		"t":       l.message,
		"lang":    l.Tag,
		"date":    l.dateTag,
		"time":    l.Time,
		"timeTag": l.timeTag,
	}
}

func (l *Language) message(key string, values ...any) any {
	if strings.HasSuffix(key, htmlSuffix) {
		return l.HTML(key, values...)
	}
	return l.Text(key, values...)
}
