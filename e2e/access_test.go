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

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// spellings are frontmatter about access, each with its audience; "" leaves it to the site's default.
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

// Kinds of readers, and those who may read a note of each audience.
var (
	roles     = []string{"guest", "member", "grouped", "owner"}
	audiences = map[string][]string{
		"public": roles, "members": roles[1:], "group": roles[2:], "owner": roles[3:], "nobody": nil,
	}
)

// guarded is a note with a spelling. Each part of it is unique.
type guarded struct{ frontmatter, audience, folder, path, title, word, file string }

// readable reports whether a role may read the note on a site with the access default.
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
	*stack.Stack
	notes  []guarded
	tokens map[string]string
}

// TestNothingIsPublicByAccidentOnAnyNode asks every node for a note of every spelling, as every kind of
// reader, on a site of every default. Only a new site has no default, so the stack is the test's own.
func TestNothingIsPublicByAccidentOnAnyNode(t *testing.T) {
	m := &accessMatrix{Stack: stack.Empty(t), tokens: map[string]string{}}
	var err error
	if m.Key, err = m.NewKey(t.Context(), "matrix"); err != nil {
		t.Fatal(err)
	}
	m.signInAll(t)
	m.publish(t)
	for _, access := range []string{"", "EVERYONE", "MEMBERS"} {
		if access != "" {
			if err := m.Replica2.API().SetSiteAccess(t.Context(), access); err != nil {
				t.Fatal(err)
			}
		}
		position := strconv.FormatInt(stack.CurrentPosition(t, m.Stack), 10)
		for _, n := range m.Nodes() {
			for _, role := range roles {
				r := &accessReader{t, n, role, access, http.Header{"X-Trip2g-Position": {position}}}
				if role != "guest" {
					r.header.Set("Cookie", n.Cookie+"="+m.tokens[role])
				}
				r.await(m.notes)
				r.header.Del("X-Trip2g-Position") // readers name none
				r.check(m.notes)
			}
		}
	}
}

// signInAll invites two members, puts one of them in the group a, and signs all of them in.
func (m *accessMatrix) signInAll(t *testing.T) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	owners := &stack.APIClient{Node: m.Replica, Client: &http.Client{Jar: jar, Timeout: stack.Client.Timeout}}
	stack.SignIn(t, owners)
	m.tokens["owner"] = owners.Token
	for role, groups := range map[string][]string{"member": {}, "grouped": {"A ", "z"}} {
		owners.Invite(t, role+"@example.com", groups...)
		c := &stack.APIClient{Node: m.Replica2}
		stack.SignInAs(t, c, role+"@example.com")
		m.tokens[role] = c.Token
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
	stack.WriteFiles(t, dir, files)
	m.Replica.MustPushFolder(t, dir)
}

// accessReader is a reader of a node, on a site with an access default.
type accessReader struct {
	t            *testing.T
	node         *stack.Node
	role, access string
	header       http.Header
}

func (r *accessReader) ask(method, path, body string) stack.Answer {
	r.t.Helper()
	a, err := stack.Fetch(r.t.Context(), method, r.node.Public+path, r.header, body)
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
	testwait.NoError(r.t, r.node.Service+" follows", func() error {
		a := r.ask("GET", "/_system/search.json?q=commonplace", "")
		found, behind := struct{ Total int }{-1}, a.Header.Get("X-Trip2g-Behind")
		if err := json.Unmarshal([]byte(a.Body), &found); err != nil || behind != "" || found.Total != want {
			return fmt.Errorf("%s, default %q: %d notes are found, want %d (behind by %q): %v", r.role, r.access, found.Total, want, behind, err)
		}
		return nil
	})
}

// check reads the pages about many notes, then each note.
func (r *accessReader) check(notes []guarded) {
	r.t.Helper()
	r.header.Set("Content-Type", "application/json")
	shared := map[string]string{"notePaths": r.ask("POST", stack.APIPath, `{"query": "{ notePaths { value } }"}`).Body}
	r.header.Del("Content-Type")
	for _, path := range []string{"/hub", "/target", "/_system/graph/target", "/_system/tree/", "/", "/feed.xml", "/feed.json", "/sitemap.xml"} {
		a := r.ask("GET", path, "")
		if a.Status != http.StatusOK {
			r.t.Errorf("%s, %s: %s answers %d", r.node.Service, r.role, path, a.Status)
		}
		shared[path] = a.Body
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

// checkNote checks the pages and files of one note.
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
		if a.Status != want {
			r.t.Errorf("%s, default %q, %q, %s: %s answers %d, want %d", r.node.Service, r.access, n.frontmatter, r.role, path, a.Status, want)
		}
		r.has(n, path, a.Body, part, readable)
		r.has(n, path, a.Body, n.title, readable && part != "the file of note")
	}
	r.has(n, "the search", r.ask("GET", "/_system/search.json?q="+n.word, "").Body, n.path, readable)
}

// has checks whether a response mentions a note.
func (r *accessReader) has(n *guarded, what, text, part string, want bool) {
	r.t.Helper()
	if strings.Contains(text, part) != want {
		r.t.Errorf("%s, default %q, %q, %s: %s has %s: %t, want %t", r.node.Service, r.access, n.frontmatter, r.role, what, part, !want, want)
	}
}
