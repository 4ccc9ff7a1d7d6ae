package search

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// Words that readers consider equal are equal, in each script.
func TestWordsOfEachScript(t *testing.T) {
	for text, want := range map[string]string{
		"Hello, World!":           "hello world",
		"it's snake_case v2.10":   "it s snake case v2 10",
		"Café naïve ÜBER Straße":  "cafe naive uber strasse",
		"ﬁne ＡＢＣ ½":               "fine abc 12",
		"Ёлка ЁЖ й Їжак":          "елка еж й їжак",
		"за́мок":                  "замок",
		"Αθήνα ΣΟΦΟΣ σοφός":       "αθηνα σοφοσ σοφοσ",
		"東京都":                     "東京 京都 都",
		"水":                       "水",
		"Go言語 tutorial":           "go 言語 語 tutorial",
		"カタカナ・ｶﾞｷﾞ":               "カタ タカ カナ ナ ガギ ギ",
		"서울에서":                    "서울 울에 에서 서",
		"ภาษา":                    "ภา าษ ษา า",
		"שָׁלוֹם":                 "שלום",
		"مُحَمَّد":                "محمد",
		"soft\u00adhyphen \u00ad": "softhyphen",
		"party 🎉🎈":                "party 🎉 🎈",
		"\x00\xff\ufffd \u2028":   "",
		strings.Repeat("a", 100):  strings.Repeat("a", maxWord),
		strings.Repeat("ж", 100):  strings.Repeat("ж", maxWord/2),
		"naïve " + norm.NFD.String("naïve йод ёж が"): "naive naive йод еж が",
	} {
		if got := strings.TrimSpace(spaced(text)); got != want {
			t.Errorf("the words of %q are %q, want %q", text, got, want)
		}
	}
}

// The location of a word allows to mark it.
func TestWordsKnowTheirPlaces(t *testing.T) {
	text := "Ärger mit 東京ガス, ok"
	var pieces []string
	words(text, func(w word) bool {
		pieces = append(pieces, text[w.start:w.end]+"/"+text[w.start:w.first])
		return true
	})
	if got, want := strings.Join(pieces, " "), "Ärger/Ärger mit/mit 東京/東 京ガ/京 ガス/ガ ス/ス ok/ok"; got != want {
		t.Errorf("the places are %s, want %s", got, want)
	}
}
