package search_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/search"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/store/sqlite"
)

// vault is a database with a site and an index that follow it.
type vault struct {
	t        testing.TB
	db       *sqlite.DB
	follower *site.Follower
	index    *search.Index
}

var stage = trip2g.Stage{Author: "key:1"}

func openVault(t testing.TB, pairs ...string) *vault {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.SetSiteAccess(t.Context(), trip2g.AccessEveryone, trip2g.AnyPosition); err != nil {
		t.Fatal(err)
	}
	v := &vault{t: t, db: db}
	if len(pairs) > 0 {
		v.store(pairs...)
	}
	v.follow(db)
	v.refresh()
	return v
}

// follow creates a site and an index that follow a source from its start.
func (v *vault) follow(source trip2g.ChangeSource) {
	v.t.Helper()
	v.index = search.New(search.Options{
		Site: func() trip2g.Site { return v.follower.Current() }, Text: markdown.Text, FreshWait: 30 * time.Second, Log: zerolog.Nop(),
	})
	v.follower = site.NewFollower(source, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop(), Observe: v.index.Observe})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- v.index.Run(ctx) }()
	v.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			v.t.Errorf("Run gives %v", err)
		}
	})
}

func (v *vault) store(pairs ...string) {
	v.t.Helper()
	var updates []trip2g.NoteUpdate
	for i := 0; i < len(pairs); i += 2 {
		updates = append(updates, trip2g.NoteUpdate{Path: pairs[i], Content: pairs[i+1]})
	}
	if _, _, err := v.db.PushNotes(v.t.Context(), stage, updates, true); err != nil {
		v.t.Fatal(err)
	}
}

func (v *vault) push(pairs ...string) {
	v.t.Helper()
	v.store(pairs...)
	v.refresh()
}

func (v *vault) hide(paths ...string) {
	v.t.Helper()
	if _, err := v.db.HideNotes(v.t.Context(), stage, paths, true); err != nil {
		v.t.Fatal(err)
	}
	v.refresh()
}

func (v *vault) refresh() {
	v.t.Helper()
	if _, err := v.follower.Refresh(v.t.Context()); err != nil {
		v.t.Fatal(err)
	}
}

// search repeats a search until the index is complete.
func (v *vault) search(query string, reader trip2g.Visitor) (answer trip2g.SearchResponse) {
	v.t.Helper()
	testwait.Until(v.t, "the index is complete", func() (complete bool) {
		var err error
		answer, err = v.index.Search(v.t.Context(), trip2g.SearchRequest{Query: query, Visitor: reader, Limit: 1000, Fresh: true})
		if err != nil {
			v.t.Fatalf("search %q: %v", query, err)
		}
		return !answer.Indexing
	})
	return answer
}

// found returns the titles of the results, separated by commas.
func (v *vault) found(query string, reader trip2g.Visitor) string {
	v.t.Helper()
	answer := v.search(query, reader)
	titles := make([]string, len(answer.Results))
	for i, r := range answer.Results {
		titles[i] = r.Title
	}
	if answer.Total != len(titles) {
		v.t.Errorf("search %q: the total is %d, the results are %d", query, answer.Total, len(titles))
	}
	return strings.Join(titles, ", ")
}

func (v *vault) wants(reader trip2g.Visitor, table ...string) {
	v.t.Helper()
	for i := 0; i < len(table); i += 2 {
		if got := v.found(table[i], reader); got != table[i+1] {
			v.t.Errorf("search %q finds %q, want %q", table[i], got, table[i+1])
		}
	}
}

// The best result comes first, in any letter case and form of the words.
func TestTheBestComesFirst(t *testing.T) {
	v := openVault(t,
		"Replication.md", "How nodes follow the leader. A replica reads the log.",
		"Operating replication.md", "Start the leader first, then each replica.",
		"Backups.md", "# Backups\n\nKeep copies elsewhere.\n\n## Replication is no backup\n\nWhat is deleted is deleted everywhere.",
		"History.md", "Once there was no replication. Later there was replication, and replication of replication. "+strings.Repeat("Much was written of other things. ", 50),
		"Recipes.md", "---\naliases: [Cooking]\ntags: [food/soup, kitchen]\n---\nBoil water. The searching cook finds the pot.",
		"Réseau.md", "Les nœuds parlent à travers le réseau.",
	)
	v.wants(trip2g.Anonymous,
		"replication", "Replication, Operating replication, Backups, History",
		"REPLICATION operating", "Operating replication",
		"repl", "Replication, Operating replication, Backups, History",
		"reseau", "Réseau",
		"noeud", "Réseau",
		"cook", "Recipes",
		"search ", "Recipes", // in another form
		"tag:food", "Recipes",
		"tag:food/soup", "Recipes",
		"#kitchen", "Recipes",
		"tag:kitche", "Recipes",
		"tag:kitche x", "",
		"leader -tag:food -start", "Replication",
		`"the leader"`, "Operating replication, Replication",
		`"leader the"`, "",
		"title:operating", "Operating replication",
		"title:boil", "",
		"path:operating_rep", "Operating replication",
		"water nothing", "",
		"-water", "",
		"", "",
		"!!! ???", "",
	)
}

func TestOtherScripts(t *testing.T) {
	v := openVault(t,
		"Репликация.md", "Реплики следуют за лидером. Ёлка стоит.",
		"Поиск.md", "Поиск по всем заметкам; реплика отвечает из памяти.",
		"東京.md", "東京都は日本の首都です。カタカナも検索できます。",
		"京都.md", "京都は古い都です。",
		"中文.md", "这是一个中文笔记，可以全文搜索。",
		"서울.md", "서울에서 만나요. 검색이 됩니다.",
		"ไทย.md", "ภาษาไทยไม่มีช่องว่าง",
		"Ελλάδα.md", "Η Αθήνα είναι πρωτεύουσα.",
		"عربي.md", "مرحبا بالعالم",
	)
	v.wants(trip2g.Anonymous,
		"реплика", "Репликация, Поиск",
		"елка", "Репликация",
		"ПОИСК", "Поиск",
		"лидер", "Репликация",
		"東京", "東京",
		"京都", "京都, 東京", // which also occurs within 東京都
		"首都", "東京",
		"ｶﾀｶﾅ", "東京",
		"検索", "東京",
		"全文搜索", "中文",
		"文全", "",
		"笔", "中文",
		"서울", "서울",
		"검색", "서울",
		"ภาษาไทย", "ไทย",
		"αθηνα", "Ελλάδα",
		"بالعالم", "عربي",
	)
}

// A member's note does not influence the results, count or order that others see.
func TestMembersNotesAreForMembers(t *testing.T) {
	public := []string{
		"Open.md", "A word of gold and silver.",
		"Other.md", "Silver silver, and a grain of gold.",
	}
	secret := []string{
		"Secret.md", "---\nfree: false\ntags: [vaulted]\n---\nThe gold is under the oak. ![[Open]]",
		"Embedding.md", "What follows is elsewhere: ![[Secret]]",
	}
	for i := range 50 {
		secret = append(secret, fmt.Sprintf("Secret %d.md", i), "---\nfree: false\n---\nsilver silver silver")
	}
	v, bare := openVault(t, append(slices.Clone(secret), public...)...), openVault(t, public...)
	for _, query := range []string{"oak", "tag:vaulted", "title:secret", "path:secret", "elsewhere oak"} {
		if got := v.found(query, trip2g.Anonymous); got != "" {
			t.Errorf("anyone finds %q by %q", got, query)
		}
	}
	for _, query := range []string{"gold silver", "silver", "gold", "silver gold a"} {
		if diff := cmp.Diff(bare.found(query, trip2g.Anonymous), v.found(query, trip2g.Anonymous)); diff != "" {
			t.Errorf("members' notes change what anyone finds by %q: %s", query, diff)
		}
	}
	v.wants(trip2g.Member, "oak", "Secret", "gold oak", "Secret")
	if r := v.search("oak", trip2g.Owner).Results[0]; !r.MembersOnly || r.URL != "/secret" {
		t.Errorf("the owner finds %+v", r)
	}
	for _, r := range v.search("elsewhere", trip2g.Anonymous).Results {
		if strings.Contains(r.Snippet, "oak") {
			t.Errorf("an embed shows a member's text: %q", r.Snippet)
		}
	}

	v.push("Secret.md", "The gold is under the oak.")
	v.wants(trip2g.Anonymous, "oak", "Secret")
	v.push("Secret.md", "---\nfree: false\n---\nThe gold is under the oak.")
	v.wants(trip2g.Anonymous, "oak", "")
}

// Published, changed, renamed, hidden and restored notes are found accordingly as soon as they are
// visible.
func TestTheIndexFollowsTheSite(t *testing.T) {
	v := openVault(t, "a.md", "apple", "b.md", "banana")
	v.wants(trip2g.Anonymous, "apple", "a", "banana", "b")
	v.push("a.md", "apricot", "c.md", "apple")
	v.wants(trip2g.Anonymous, "apple", "c", "apricot", "a")
	v.hide("c.md")
	v.wants(trip2g.Anonymous, "apple", "")
	v.push("c.md", "apple")
	v.wants(trip2g.Anonymous, "apple", "c")
	v.push("c.md", "---\npublish: false\n---\napple")
	v.wants(trip2g.Anonymous, "apple", "")
	v.push("a.md", "---\nslug: other\n---\napricot")
	if got := v.search("path:other", trip2g.Anonymous).Results; len(got) != 1 || got[0].URL != "/other" {
		t.Errorf("the note is found at its new address as %+v", got)
	}
	v.push("_hidden.md", "apple")
	v.wants(trip2g.Anonymous, "apple", "")
}

// A node that followed each change returns the same results as one that starts now.
func TestAnIndexThatFollowedIsLikeANewOne(t *testing.T) {
	v := openVault(t)
	for i := range 40 {
		v.push(fmt.Sprintf("n%d.md", i%13), fmt.Sprintf("word%d and word%d of many", i%7, i%5))
		if i%6 == 5 {
			v.hide(fmt.Sprintf("n%d.md", (i*3)%13))
		}
	}
	other := &vault{t: t, db: v.db}
	other.follow(v.db)
	other.refresh()
	for _, query := range []string{"word1", "word", "word1 word2", "many -word3", "title:n1"} {
		if diff := cmp.Diff(other.search(query, trip2g.Anonymous), v.search(query, trip2g.Anonymous)); diff != "" {
			t.Errorf("search %q: %s", query, diff)
		}
	}
}

// switchable is a source that can be replaced.
type switchable struct{ trip2g.ChangeSource }

// After a database is replaced, nothing of the old one is found.
func TestAnotherDatabaseIsIndexedAnew(t *testing.T) {
	v, other := openVault(t, "a.md", "apple", "b.md", "banana"), openVault(t, "x.md", "apple pie")
	source := &switchable{v.db}
	v.follow(source)
	v.refresh()
	v.wants(trip2g.Anonymous, "apple", "a", "banana", "b")
	source.ChangeSource = other.db
	v.refresh()
	v.wants(trip2g.Anonymous, "apple", "x", "banana", "")
}

// A note's language determines the forms of its words, else the site's, else the script.
func TestAnotherFormOfAWordIsFoundInEachLanguage(t *testing.T) {
	v := openVault(t,
		"Dach.md", "---\nlang: de-AT\n---\nDas Haus hat ein Dach.",
		"Ville.md", "La maison est grande. Chien et chat.",
		"Tools.md", "---\nlang: en\n---\nA tool for searching.",
	)
	v.wants(trip2g.Anonymous,
		"Häuser ", "Dach",
		"searches ", "Tools",
		"chiennes ", "",
	)
	v.push("_settings.md", "---\nlang: fr\n---\n")
	v.wants(trip2g.Anonymous,
		"chiennes ", "Ville", // the site's language, for notes indexed before
		"Häuser ", "Dach",
		"searches ", "Tools",
	)
}

// The language of a members' note does not change what others find.
func TestTheLanguageOfAMembersNoteIsNotRevealed(t *testing.T) {
	v := openVault(t,
		"Open.md", "Haus",
		"Secret.md", "---\nfree: false\nlang: de\n---\nHaus",
	)
	v.wants(trip2g.Anonymous, "Häuser ", "")
	v.wants(trip2g.Member, "Häuser ", "Open, Secret")
	v.hide("Secret.md")
	v.wants(trip2g.Member, "Häuser ", "")
}

// A snippet contains the matches and marks them.
func TestSnippets(t *testing.T) {
	long := strings.Repeat("Nothing of it here. ", 60)
	v := openVault(t,
		"a.md", "# a\n\n"+long+"\n\nSome 🎉 say that the **quick** brown\nfox jumps, [and](x) the foxes follow. "+long,
		"b.md", "# b\n\n"+strings.Repeat("何もない文章です。", 60)+"ここに東京都がある。"+strings.Repeat("何もない文章です。", 60),
		"Zebra.md", "# Zebra\n\nThe text says otherwise.\n\n- one\n- two",
	)
	for _, want := range []struct{ query, snippet string }{
		{"fox quick", "Some 🎉 say that the [quick] brown [fox] jumps, and the [foxes] follow. Nothing of it here."},
		{"foxes", "…Some 🎉 say that the quick brown [fox] jumps"},
		{"東京", "ここに[東京]都がある。"},
		{"東", "[東]京都"},
		{"zebra", "The text says otherwise. one two"},
	} {
		r := v.search(want.query, trip2g.Anonymous).Results[0]
		if got := marked(r); !strings.Contains(got, want.snippet) {
			t.Errorf("the snippet for %q is %q, want %q in it", want.query, got, want.snippet)
		}
		if n := len([]rune(r.Snippet)); n > 210 {
			t.Errorf("the snippet for %q has %d characters", want.query, n)
		}
	}
}

// marked formats a snippet with its marks in brackets.
func marked(r trip2g.SearchResult) string {
	units := utf16.Encode([]rune(r.Snippet))
	var out strings.Builder
	at := 0
	for _, m := range r.Marks {
		out.WriteString(string(utf16.Decode(units[at:m[0]])) + "[" + string(utf16.Decode(units[m[0]:m[1]])) + "]")
		at = m[1]
	}
	out.WriteString(string(utf16.Decode(units[at:])))
	return out.String()
}
