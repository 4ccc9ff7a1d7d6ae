// Package i18n holds the texts of reader-facing pages and mails, one catalog per language.
package i18n

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"strings"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

// catalogs are named active.TAG.yaml, with the language's BCP 47 tag.
//
//go:embed active.*.yaml
var catalogs embed.FS

// languages are those with a catalog. English is the first, and the matcher's default.
var languages, matcher = load()

// English is the language of sites in a language without a catalog.
var English = languages[0]

// Language is a language with a catalog. There is one value of each.
type Language struct {
	tag       string
	localizer *goi18n.Localizer
	constant  map[string]string // messages without placeholders, by key
}

// load parses the catalogs. An error in one of them is a programming error.
func load() ([]*Language, language.Matcher) {
	names, err := fs.Glob(catalogs, "*.yaml")
	if err != nil {
		panic(err)
	}
	bundle := goi18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	var list []*Language
	var tags []language.Tag
	for _, name := range names {
		file, err := bundle.LoadMessageFileFS(catalogs, name)
		if err != nil {
			panic(err)
		}
		l := newLanguage(bundle, file)
		if file.Tag == language.English {
			list, tags = append([]*Language{l}, list...), append([]language.Tag{file.Tag}, tags...)
		} else {
			list, tags = append(list, l), append(tags, file.Tag)
		}
	}
	return list, language.NewMatcher(tags)
}

func newLanguage(bundle *goi18n.Bundle, file *goi18n.MessageFile) *Language {
	tag := file.Tag.String()
	l := &Language{tag: tag, localizer: goi18n.NewLocalizer(bundle, tag), constant: make(map[string]string)}
	for _, m := range file.Messages {
		if m.One == "" && !strings.Contains(m.Other, "{{") {
			l.constant[m.ID] = m.Other
		}
	}
	return l
}

// Tag returns the language's BCP 47 tag, for lang attributes.
func (l *Language) Tag() string { return l.tag }

// ForSite returns the language of a site by the tag of its own, English if that has no catalog.
func ForSite(tag string) *Language {
	return match(English, language.Make(tag))
}

// ForRequest returns the language that an Accept-Language header prefers among those with a
// catalog, and fallback if it accepts none of them.
func ForRequest(acceptLanguage string, fallback *Language) *Language {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return fallback
	}
	return match(fallback, tags...)
}

func match(fallback *Language, tags ...language.Tag) *Language {
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return fallback
	}
	return languages[i]
}

// ForEach returns what newT returns for each language, for example its templates.
func ForEach[T any](newT func(*Language) T) map[*Language]T {
	all := make(map[*Language]T, len(languages))
	for _, l := range languages {
		all[l] = newT(l)
	}
	return all
}

// Text returns the message with a key, with values in place of its placeholders: pairs of a name
// and a value. A number with the name "Count" selects the plural form. A missing message is a
// programming error.
func (l *Language) Text(key string, values ...any) string {
	if text, ok := l.constant[key]; ok {
		return text
	}
	return l.localize(key, values, func(v any) any { return v })
}

// HTML returns a message that is HTML. Values are escaped, unless they are HTML themselves.
func (l *Language) HTML(key string, values ...any) template.HTML {
	if text, ok := l.constant[key]; ok {
		return template.HTML(text)
	}
	return template.HTML(l.localize(key, values, escape))
}

func escape(value any) any {
	switch v := value.(type) {
	case template.HTML:
		return v
	case string:
		return template.HTMLEscapeString(v)
	}
	return value
}

func (l *Language) localize(key string, values []any, escape func(any) any) string {
	config := &goi18n.LocalizeConfig{MessageID: key}
	data := make(map[string]any, len(values)/2)
	for i := 0; i+1 < len(values); i += 2 {
		name := values[i].(string)
		data[name] = escape(values[i+1])
		if name == "Count" {
			config.PluralCount = values[i+1]
		}
	}
	config.TemplateData = data
	text, err := l.localizer.Localize(config)
	if err != nil {
		panic(fmt.Errorf("message %s in %s: %w", key, l.tag, err))
	}
	return text
}
