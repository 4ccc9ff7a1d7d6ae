package push_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/client"
	"trip2g/services/trip2g/sync/pull"
	"trip2g/services/trip2g/sync/vault"
)

// The property test runs this many sequences of about this many steps. They are always the same
// ones, so that a run does not fail by chance. The flags of rapid change that: -rapid.seed=0
// -rapid.checks=100 tries others.
const (
	syncChecks = "10"
	syncSteps  = "25"
	syncSeed   = "1"
)

// syncModel is two vaults and a server, with their history.
type syncModel struct {
	*server
	rt     *rapid.T
	vaults [2]*syncVault
	texts  int             // written so far; each one differs
	public map[string]bool // texts that were ever published
}

// syncVault is a folder, with the files that it last had in common with the server.
type syncVault struct {
	dir  string
	base map[string]string
}

var syncPaths = rapid.SampledFrom([]string{"a.md", "b.md", "folder/c.md"})

// TestNothingThatSomebodyWroteIsLostByASync edits, removes and publishes in two vaults and on the
// server, and pushes and pulls in any order. A sync never overwrites or removes a text in a vault
// that the server never had. It never replaces or hides a version on the server that is newer than
// the vault's last sync. It names each published note that it changed. The server keeps everything
// that was ever published.
func TestNothingThatSomebodyWroteIsLostByASync(t *testing.T) {
	t.Parallel()
	setDefault(t, "rapid.checks", syncChecks)
	setDefault(t, "rapid.steps", syncSteps)
	setDefault(t, "rapid.seed", syncSeed)
	rapid.Check(t, func(rt *rapid.T) {
		m := &syncModel{server: startOther(t), rt: rt, public: map[string]bool{}}
		m.publish(rt)
		for i := range m.vaults {
			m.vaults[i] = &syncVault{dir: t.TempDir(), base: map[string]string{}}
			m.pull(m.vaults[i], false)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"edit":            m.edit,
			"remove":          m.remove,
			"publish":         m.publish,
			"push":            func(rt *rapid.T) { m.push(m.draw(rt)) },
			"pull":            func(rt *rapid.T) { m.pull(m.draw(rt), false) },
			"pull and delete": func(rt *rapid.T) { m.pull(m.draw(rt), true) },
		})
		m.wantHistory()
	})
}

// setDefault sets a flag of the test binary that was not given.
func setDefault(t *testing.T, name, value string) {
	t.Helper()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if given {
		return
	}
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
}

func (m *syncModel) draw(rt *rapid.T) *syncVault {
	return m.vaults[rapid.IntRange(0, 1).Draw(rt, "vault")]
}

// text returns a text that was not used before.
func (m *syncModel) text() string {
	m.texts++
	return fmt.Sprintf("text %d", m.texts)
}

func (m *syncModel) edit(rt *rapid.T) {
	v, path := m.draw(rt), syncPaths.Draw(rt, "path")
	write(m.t, v.dir, path, m.text())
}

func (m *syncModel) remove(rt *rapid.T) {
	v, path := m.draw(rt), syncPaths.Draw(rt, "path")
	if _, exists := v.read(m.t)[path]; !exists {
		rt.Skip("no such file")
	}
	remove(m.t, v.dir, path)
}

// publish changes a note on the server, as a person without a vault does.
func (m *syncModel) publish(rt *rapid.T) {
	m.mustPush(folder(m.t, map[string]string{syncPaths.Draw(rt, "path"): m.text()}), nil)
	m.remember()
}

// remember returns the published notes, and adds them to those ever published.
func (m *syncModel) remember() map[string]string {
	notes, _, _ := m.published()
	for _, text := range notes {
		m.public[text] = true
	}
	return notes
}

func (m *syncModel) push(v *syncVault) {
	before, here := m.remember(), v.read(m.t)
	summary, err := m.pushPulled(v.dir, nil)
	after := m.remember()
	if len(here) == 0 && trip2g.ErrorCode(err) == trip2g.EINVALID { // an empty folder hides nothing
		if fmt.Sprint(after) != fmt.Sprint(before) {
			m.rt.Fatalf("a push that was refused (%v) changed %v to %v", err, before, after)
		}
		return
	}
	if err != nil {
		m.rt.Fatalf("push: %v", err)
	}
	for path, text := range before {
		now, shown := after[path]
		switch base, had := v.base[path]; {
		case !shown && (!had || base != text):
			m.rt.Fatalf("the push hid %s, %q, of which the vault last had %q", path, text, base)
		case !shown && !slices.Contains(summary.Hidden, path):
			m.rt.Fatalf("the push hid %s and does not say so: %+v", path, summary)
		case shown && now != text && (now != here[path] || had && now == base):
			m.rt.Fatalf("the push made %q of %s, which was %q; the vault last had %q and has %q", now, path, text, base, here[path])
		case shown && now != text && !slices.Contains(summary.Sent, path):
			m.rt.Fatalf("the push changed %s and does not say so: %+v", path, summary)
		}
	}
	if got := v.read(m.t); fmt.Sprint(got) != fmt.Sprint(here) {
		m.rt.Fatalf("the push changed the vault from %v to %v", here, got)
	}
	v.keep(here, after)
}

func (m *syncModel) pull(v *syncVault, remove bool) {
	here := v.read(m.t)
	from, err := client.New(client.Options{URL: m.URL, Key: m.key})
	if err != nil {
		m.rt.Fatal(err)
	}
	_, err = pull.Run(m.t.Context(), v.dir, pull.Options{Server: from, Reporter: &report{}, Text: vault.Text, Delete: remove})
	if err != nil && trip2g.ErrorCode(err) != trip2g.ECONFLICT {
		m.rt.Fatalf("pull: %v", err)
	}
	now := v.read(m.t)
	for path, text := range here {
		switch left := now[path]; {
		case left == text:
		case err != nil:
			m.rt.Fatalf("a pull that was refused (%v) made %q of %s, which was %q", err, left, path, text)
		case !m.public[text]:
			m.rt.Fatalf("the pull made %q of %s, which was %q and on no server", left, path, text)
		case v.base[path] != text:
			m.rt.Fatalf("the pull made %q of %s, which was edited since the last one: %q", left, path, text)
		}
	}
	if err == nil {
		v.keep(now, m.remember())
	}
}

// wantHistory requires every text that was ever published in the history of the server.
func (m *syncModel) wantHistory() {
	from, err := client.New(client.Options{URL: m.URL, Key: m.key})
	if err != nil {
		m.rt.Fatal(err)
	}
	versions, err := from.History(m.t.Context())
	if err != nil {
		m.rt.Fatal(err)
	}
	kept := map[string]bool{}
	for _, version := range versions {
		text, err := from.VersionText(m.t.Context(), version.ID)
		if err != nil {
			m.rt.Fatal(err)
		}
		kept[text] = true
	}
	for text := range m.public {
		if !kept[text] {
			m.rt.Fatalf("%q was published and is not in the history", text)
		}
	}
}

// read returns the notes of the vault.
func (v *syncVault) read(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, path := range []string{"a.md", "b.md", "folder/c.md"} {
		content, err := os.ReadFile(filepath.Join(v.dir, path))
		if err == nil {
			files[path] = string(content)
		} else if !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return files
}

// keep records the files that a sync has left equal in the vault and on the server, and removes
// those that neither has.
func (v *syncVault) keep(here, there map[string]string) {
	for path := range v.base {
		_, inVault := here[path]
		if _, published := there[path]; !inVault && !published {
			delete(v.base, path)
		}
	}
	for path, text := range here {
		if there[path] == text {
			v.base[path] = text
		}
	}
}
