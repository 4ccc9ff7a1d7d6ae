package e2e

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trip2g/internal/testwait"
)

// spellings are what vaults say of who may read a note, and whom it is for by that; "" leaves it to the site.
var spellings = []struct{ frontmatter, audience string }{
	{"", ""},
	{"draft: false", ""},
	{"draft:", ""},
	{"free: true", "public"},
	{"FREE: Yes", "public"},
	{"publish: true", "public"},
	{"free: true\nsubgraph: a", "public"},
	{"free: false", "members"},
	{"free: flase", "members"},
	{"free:", "members"},
	{"publish:", "members"},
	{"subgraph:", "members"},
	{"publish: true\nfree: false", "members"},
	{"x: [broken\nfree: false", "members"},
	{"subgraph: A", "group"},
	{"subgraphs: [' a ', b]", "group"},
	{"subgraph: a\npublish: true", "group"},
	{"subgraph: unknown", "owner"},
	{"publish: false", "nobody"},
	{"publish: maybe", "nobody"},
	{"draft: true", "nobody"},
	{"draft: perhaps", "nobody"},
	{"free: true\ndraft: true", "nobody"},
}

// roles are who reads, and audiences which of them a note is for.
var (
	roles     = []string{"guest", "member", "grouped", "owner"}
	audiences = map[string][]string{
		"public": roles, "members": roles[1:], "group": roles[2:], "owner": roles[3:], "nobody": nil,
	}
)

// guarded is a note with a spelling. Each part of it can be told from those of the others.
type guarded struct{ frontmatter, audience, folder, path, title, word, file string }

// readable reports whether the note is for a role on a site with a default.
func (n *guarded) readable(role, access string) bool {
	audience := n.audience
	if audience == "" && access == "EVERYONE" {
		audience = "public"
	} else if audience == "" {
		audience = "members"
	}
	return slices.Contains(audiences[audience], role)
}

// accessMatrix is a vault with every spelling, and the sessions of its readers by their role.
type accessMatrix struct {
	*stack
	notes  []guarded
	tokens map[string]string
}

// TestNothingIsPublicByAccidentOnAnyNode asks every node for a note of every spelling, as every kind of
// reader, on a site of every default. Only a new site has no default, so the stack is the test's own.
func TestNothingIsPublicByAccidentOnAnyNode(t *testing.T) {
	m := &accessMatrix{stack: emptyStack(t), tokens: map[string]string{}}
	var err error
	if m.key, err = m.newKey(t.Context(), "matrix"); err != nil {
		t.Fatal(err)
	}
	m.signInAll(t)
	m.publish(t)
	for _, access := range []string{"", "EVERYONE", "MEMBERS"} {
		if access != "" {
			if err := m.replica2.api().setSiteAccess(t.Context(), access); err != nil {
				t.Fatal(err)
			}
		}
		position := strconv.FormatInt(currentPosition(t, m.stack), 10)
		for _, n := range m.nodes() {
			for _, role := range roles {
				r := &accessReader{t, n, role, access, http.Header{"X-Trip2g-Position": {position}}}
				if role != "guest" {
					r.header.Set("Cookie", n.cookie+"="+m.tokens[role])
				}
				r.await(m.notes)
				r.header.Del("X-Trip2g-Position") // readers name none
				r.check(m.notes)
			}
		}
	}
}

// signInAll invites two members, puts one of them in the group a, and signs everybody in.
func (m *accessMatrix) signInAll(t *testing.T) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	owners := &apiClient{node: m.replica, client: &http.Client{Jar: jar, Timeout: browser.Timeout}}
	signIn(t, owners)
	m.tokens["owner"] = owners.token
	for role, groups := range map[string][]string{"member": {}, "grouped": {"A ", "z"}} {
		owners.invite(t, role+"@example.com", groups...)
		c := &apiClient{node: m.replica2}
		signInAs(t, c, role+"@example.com")
		m.tokens[role] = c.token
	}
}

// publish pushes the vault through a replica. Every note links to one public note and is embedded in another.
func (m *accessMatrix) publish(t *testing.T) {
	t.Helper()
	hub, files := "---\nfree: true\n---\n", map[string]string{"target.md": "---\nfree: true\n---\ntext"}
	for i, s := range spellings {
		file := fmt.Sprintf("the file of note %d", i)
		n := guarded{
			s.frontmatter, s.audience, fmt.Sprintf("f%02dx", i), fmt.Sprintf("/f%02dx/s%02dx", i, i), fmt.Sprintf("Title%02dx", i),
			fmt.Sprintf("word%02dx", i), fmt.Sprintf("/_system/assets/%x/file%02d.txt", sha256.Sum256([]byte(file)), i),
		}
		m.notes = append(m.notes, n)
		content := fmt.Sprintf("# %s\n\n%s commonplace [[target]] [file](file%02d.txt)", n.title, n.word, i)
		if s.frontmatter != "" {
			content = "---\n" + s.frontmatter + "\n---\n" + content
		}
		files[n.path[1:]+".md"], files[fmt.Sprintf("%s/file%02d.txt", n.folder, i)] = content, file
		hub += fmt.Sprintf("\n![[s%02dx]]\n", i)
	}
	files["hub.md"] = hub
	dir := t.TempDir()
	writeFiles(t, dir, files)
	m.replica.mustPushFolder(t, dir)
}

// accessReader is somebody who reads a node on a site with a default.
type accessReader struct {
	t            *testing.T
	node         *node
	role, access string
	header       http.Header
}

func (r *accessReader) ask(method, path, body string) answer {
	r.t.Helper()
	a, err := fetch(r.t.Context(), method, r.node.public+path, r.header, body)
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

// await waits until the node serves the position asked for and its search has followed.
func (r *accessReader) await(notes []guarded) {
	r.t.Helper()
	want := 0
	for i := range notes {
		if notes[i].readable(r.role, r.access) {
			want++
		}
	}
	testwait.NoError(r.t, r.node.service+" follows", func() error {
		a := r.ask("GET", "/_system/search.json?q=commonplace", "")
		found, behind := struct{ Total int }{-1}, a.header.Get("X-Trip2g-Behind")
		if err := json.Unmarshal([]byte(a.body), &found); err != nil || behind != "" || found.Total != want {
			return fmt.Errorf("%s, default %q: %d notes are found, want %d (behind by %q): %v", r.role, r.access, found.Total, want, behind, err)
		}
		return nil
	})
}

// check reads what tells of many notes, then each note.
func (r *accessReader) check(notes []guarded) {
	r.t.Helper()
	r.header.Set("Content-Type", "application/json")
	shared := map[string]string{"notePaths": r.ask("POST", apiPath, `{"query": "{ notePaths { value } }"}`).body}
	r.header.Del("Content-Type")
	for _, path := range []string{"/hub", "/target", "/_system/graph/target", "/_system/tree/", "/", "/feed.xml", "/feed.json", "/sitemap.xml"} {
		a := r.ask("GET", path, "")
		if a.status != http.StatusOK {
			r.t.Errorf("%s, %s: %s answers %d", r.node.service, r.role, path, a.status)
		}
		shared[path] = a.body
	}
	for i := range notes {
		r.checkShared(&notes[i], shared)
		r.checkNote(&notes[i])
	}
}

func (r *accessReader) checkShared(n *guarded, shared map[string]string) {
	r.t.Helper()
	readable, public := n.readable(r.role, r.access), n.readable("guest", r.access)
	for _, c := range []struct {
		path, part string
		want       bool
	}{
		{"/hub", n.word, readable},
		{"/target", n.title, readable},
		{"/_system/graph/target", n.title, readable},
		{"/_system/tree/", n.folder, readable},
		{"/", n.folder, readable},
		{"/feed.xml", n.path, public},
		{"/feed.json", n.path, public},
		{"/sitemap.xml", n.path, public},
		{"notePaths", n.path[1:] + ".md", r.role == "owner"},
	} {
		r.has(n, c.path, shared[c.path], c.part, c.want)
	}
}

// checkNote checks all that is of a note alone.
func (r *accessReader) checkNote(n *guarded) {
	r.t.Helper()
	readable, want := n.readable(r.role, r.access), http.StatusOK
	if n.audience == "nobody" {
		want = http.StatusNotFound
	} else if !readable {
		want = http.StatusForbidden
	}
	for path, part := range map[string]string{n.path: n.word, "/_system/preview" + n.path: n.word, "/_system/graph" + n.path: n.title, n.file: "the file of note"} {
		a := r.ask("GET", path, "")
		if a.status != want {
			r.t.Errorf("%s, default %q, %q, %s: %s answers %d, want %d", r.node.service, r.access, n.frontmatter, r.role, path, a.status, want)
		}
		r.has(n, path, a.body, part, readable)
		r.has(n, path, a.body, n.title, readable && part != "the file of note")
	}
	r.has(n, "the search", r.ask("GET", "/_system/search.json?q="+n.word, "").body, n.path, readable)
}

// has checks whether what a reader got tells of a note.
func (r *accessReader) has(n *guarded, what, text, part string, want bool) {
	r.t.Helper()
	if strings.Contains(text, part) != want {
		r.t.Errorf("%s, default %q, %q, %s: %s has %s: %t, want %t", r.node.service, r.access, n.frontmatter, r.role, what, part, !want, want)
	}
}
