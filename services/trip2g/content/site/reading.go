package site

import "trip2g/services/trip2g"

// A page that was rendered for one content is right for another if it shows the same subject in the
// same layout, and whatever else it asked gets the same answers there. So a page asks through a
// reading, which remembers.

// question is what a page asks the content.
type question struct {
	about topic
	of    string
	from  *entry // whose text asks; nil for a page that is no note's
}

// topic is a kind of question. One that a page shall ask beside these needs a case in ask and one in
// stamp.
type topic uint8

const (
	linkTo      topic = iota // a link to a note, the URL that it leads to, "" for none, WithheldPage for one that is kept from the readers
	fileOf                   // a reference to a file, the trip2g.NoteAsset; the zero one for none
	crumbAt                  // a folder's URL, its crumb
	listIn                   // a folder's URL, its *folder: another one after a change of what is in it
	embedOf                  // a reference to a note that is shown, its *entry; nil for none
	pageAt                   // a URL path, its pageFact
	linksTo                  // the URL path of a note, the digest of the notes that lead to it
	graphAt                  // the URL path of a note, the digest of its graph
	newestNotes              // the digest of those that feeds have
	tagAt                    // the URL path of a tag, its *tag: another one after a change of what its page lists
	allPages                 // the number of the state of those that everybody can read
)

// fact is a question and the answer that it got. Answers are comparable.
type fact struct {
	question
	answer any
}

// ask answers a question.
func (s scope) ask(q question) any {
	switch q.about {
	case linkTo:
		url, _ := noteLinks{s, q.from}.Note(q.of)
		if e := at(s.entries, url); e != nil && !s.mayRead(e) {
			return trip2g.WithheldPage
		}
		return url
	case fileOf:
		asset, _ := noteLinks{s, q.from}.Asset(q.of)
		return asset
	case pageAt:
		return s.pageFact(q.of)
	case linksTo:
		if e := at(s.entries, q.of); e != nil {
			links, _ := s.linking(e, maxCandidates)
			return digestLinking(links)
		}
		return digest{}
	case graphAt:
		return digestOf(string(s.graphText(q.of)))
	case newestNotes:
		return s.digestNewest()
	case allPages:
		return s.stamps.dated
	case listIn:
		return at(s.shelf().folders, q.of)
	case tagAt:
		return s.shelf().tagAt(q.of)
	case embedOf:
		return noteLinks{s, q.from}.embedded(q.of)
	default:
		return s.shelf().crumbAt(q.of)
	}
}

// stamp numbers the state of what a topic's answers depend on, beside the entry that asks.
func (s *stamps) stamp(about topic) uint64 {
	switch about {
	case crumbAt, listIn, pageAt:
		return s.folders
	case linksTo:
		return max(s.names, s.links)
	case graphAt:
		return max(s.names, s.links, s.folders)
	case allPages:
		return s.dated
	case embedOf, newestNotes, tagAt: // every change of a text can be one of a note's that is shown
		return s.generation
	}
	return s.names
}

// reading is the making of one page: what it asked, each question once. It is trip2g.Links for the
// entry from.
type reading struct {
	scope
	from    *entry
	answers map[question]any
}

func newReading(s scope, from *entry) *reading {
	return &reading{scope: s, from: from, answers: make(map[question]any)}
}

func (r *reading) ask(q question) any {
	answer, known := r.answers[q]
	if !known {
		answer = r.scope.ask(q)
		r.answers[q] = answer
	}
	return answer
}

// Note is trip2g.Links'.
func (r *reading) Note(target string) (string, bool) {
	url := r.ask(question{linkTo, target, r.from}).(string)
	return url, url != ""
}

// Asset is trip2g.Links'.
func (r *reading) Asset(ref string) (trip2g.NoteAsset, bool) {
	asset := r.ask(question{fileOf, ref, r.from}).(trip2g.NoteAsset)
	return asset, asset != trip2g.NoteAsset{}
}

// Embed is trip2g.Links'. What the embedded note asks is asked for the page that shows it.
func (r *reading) Embed(target string) (trip2g.Embed, bool) {
	e := r.ask(question{embedOf, target, r.from}).(*entry)
	if e == nil {
		return trip2g.Embed{}, false
	}
	return trip2g.Embed{URL: e.url, Path: e.Path, Doc: e.doc, Links: &reading{r.scope, e, r.answers}}, true
}

// Settings is trip2g.Links'.
func (r *reading) Settings() trip2g.Settings { return r.layout.settings }

func (r *reading) facts() []fact {
	facts := make([]fact, 0, len(r.answers))
	for q, answer := range r.answers {
		facts = append(facts, fact{q, answer})
	}
	return facts
}
