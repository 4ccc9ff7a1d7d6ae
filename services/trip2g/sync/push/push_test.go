package push_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/client"
	"trip2g/services/trip2g/sync/push"
)

func hash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func quick(_ *push.Options, c *client.Options) { c.RetryFor = 0 }

func withDelete(o *push.Options, _ *client.Options) { o.Delete = true }

func TestAFolderIsPublishedWithItsFiles(t *testing.T) {
	s := start(t)
	files := map[string]string{
		"index.md":       "# Home\n\n[[Deep note]] ![[pic.png]] ![x](img/pic.png)",
		"b/Deep note.md": "![x](../img/pic.png) ![[my data.csv]] ![y](my%20data.csv) ![[gone.png]]",
		"b/page.html":    "<p>hello</p>",
	}
	dir := folder(t, files)
	write(t, dir, "img/pic.png", "pixels")
	write(t, dir, "my data.csv", "1,2")
	write(t, dir, "unrelated.txt", "nobody refers to me")
	summary, told := s.mustPush(dir, nil)
	summary.Position = 0
	did := push.Summary{Sent: []string{"b/Deep note.md", "b/page.html", "index.md"}, Files: []string{"img/pic.png", "my data.csv"}}
	if diff := cmp.Diff(did, summary); diff != "" {
		t.Error(diff)
	}
	notes, assets, _ := s.published()
	if diff := cmp.Diff(files, notes); diff != "" {
		t.Error(diff)
	}
	picture, data := "img/pic.png "+hash("pixels"), "my data.csv "+hash("1,2")
	want := map[string]string{
		"index.md pic.png": picture, "index.md img/pic.png": picture,
		"b/Deep note.md ../img/pic.png": picture, "b/Deep note.md my data.csv": data,
	}
	if diff := cmp.Diff(want, assets); diff != "" {
		t.Error(diff)
	}
	if len(told.warnings) != 1 || !strings.Contains(told.warnings[0], `b/Deep note.md: refers to "gone.png"`) {
		t.Errorf("warnings: %q", told.warnings)
	}
	if told.done != told.total || told.done == 0 {
		t.Errorf("progress ended at %d of %d", told.done, told.total)
	}
}

// TestAPushEndsWhenReadersSeeIt serves an older position for some reads, as a replica does. A
// reader must not find the old version there after the push.
func TestAPushEndsWhenReadersSeeIt(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"a.md": "a"})
	s.lacking.Store(3)
	summary, _ := s.mustPush(dir, nil)
	_, _, position := s.published()
	if summary.Unseen != nil || summary.Position != position || position == 0 || s.lacking.Load() >= 0 {
		t.Errorf("summary %+v at position %d, with %d reads to wait for", summary, position, s.lacking.Load())
	}
	write(t, dir, "a.md", "b")
	s.lacking.Store(1 << 40)
	summary, _ = s.mustPush(dir, func(_ *push.Options, c *client.Options) { c.Visible = time.Second })
	if trip2g.ErrorCode(summary.Unseen) != trip2g.EUNAVAILABLE || !strings.Contains(summary.Unseen.Error(), fmt.Sprintf("position %d, and %d", position, position+1)) || summary.Position != position+1 {
		t.Errorf("of a server that stays behind: %+v", summary)
	}
	s.lacking.Store(0)
	if summary, _ = s.mustPush(dir, nil); summary.Changed() || summary.Unseen != nil || summary.Position != position+1 {
		t.Errorf("with nothing to send: %+v", summary)
	}
}

func TestPushingAgainSendsNothing(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"a.md": "![[a.png]]", "b.md": "b"})
	write(t, dir, "a.png", "pixels")
	s.mustPush(dir, nil)
	_, _, before := s.published()
	mutations := s.mutations.Load()
	summary, _ := s.mustPush(dir, nil)
	if summary.Changed() || summary.Unchanged != 2 {
		t.Errorf("summary %+v", summary)
	}
	if _, _, after := s.published(); after != before || s.mutations.Load() != mutations+1 {
		t.Errorf("position %d, then %d; %d mutations", before, after, s.mutations.Load()-mutations)
	}
}

func TestOnlyWhatDiffersIsSent(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"a.md": "![[a.png]]", "b.md": "![[a.png]] ![[late.png]]", "c.md": "c"})
	write(t, dir, "a.png", "pixels")
	s.mustPush(dir, nil)
	write(t, dir, "c.md", "c, better")
	write(t, dir, "a.png", "other pixels")
	write(t, dir, "img/late.png", "late")
	summary, told := s.mustPush(dir, nil)
	summary.Position = 0
	did := push.Summary{Sent: []string{"c.md"}, Unchanged: 2, Files: []string{"a.png", "img/late.png"}}
	if diff := cmp.Diff(did, summary); diff != "" || len(told.warnings) != 0 {
		t.Errorf("warnings %q; %s", told.warnings, diff)
	}
	notes, files, _ := s.published()
	if notes["c.md"] != "c, better" {
		t.Errorf("notes %v", notes)
	}
	want := map[string]string{
		"a.md a.png": "a.png " + hash("other pixels"), "b.md a.png": "a.png " + hash("other pixels"), "b.md late.png": "img/late.png " + hash("late"),
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
}

func TestAManyBatchesVaultArrivesWhole(t *testing.T) {
	s := start(t)
	files := map[string]string{}
	for i := range 250 {
		files[fmt.Sprintf("n/%03d.md", i)] = fmt.Sprintf("note %d", i)
	}
	files["large a.md"] = strings.Repeat("a", 3<<20)
	files["large b.md"] = strings.Repeat("b", 3<<20)
	files["huge.md"] = strings.Repeat("c", 6<<20)
	s.mustPush(folder(t, files), nil)
	notes, _, _ := s.published()
	if len(notes) != len(files) || notes["huge.md"] != files["huge.md"] || notes["n/249.md"] != "note 249" {
		t.Errorf("%d notes of %d arrived", len(notes), len(files))
	}
	// 250 small notes are three requests, and no two large ones share one.
	if n := s.mutations.Load(); n < 6 || n > 8 {
		t.Errorf("%d mutations", n)
	}
}

func TestARenamedNoteIsOneChangeForReaders(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"old.md": "text", "kept.md": "kept"})
	s.mustPush(dir, nil)
	remove(t, dir, "old.md")
	write(t, dir, "new.md", "text")
	s.interfere(func(operation string, _ http.ResponseWriter, _ *http.Request) {
		if notes, _, _ := s.published(); operation != "Warnings" && (notes["old.md"] != "text" || len(notes) != 2) {
			t.Errorf("before %s readers see %v", operation, notes)
		}
	}, nil)
	summary, _ := s.mustPush(dir, withDelete)
	summary.Position = 0
	if diff := cmp.Diff(push.Summary{Sent: []string{"new.md"}, Hidden: []string{"old.md"}, Unchanged: 1}, summary); diff != "" {
		t.Error(diff)
	}
	notes, _, _ := s.published()
	if diff := cmp.Diff(map[string]string{"new.md": "text", "kept.md": "kept"}, notes); diff != "" {
		t.Error(diff)
	}
}

func TestNothingIsHiddenUnlessAsked(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"a.md": "a", "b.md": "b"})
	s.mustPush(dir, nil)
	remove(t, dir, "b.md")
	summary, _ := s.mustPush(dir, nil)
	if notes, _, _ := s.published(); len(notes) != 2 || !slices.Equal(summary.Left, []string{"b.md"}) {
		t.Errorf("readers see %v; told of %q", notes, summary.Left)
	}
	_, _, err := s.push(t.Context(), t.TempDir(), withDelete)
	if trip2g.ErrorCode(err) != trip2g.EINVALID {
		t.Errorf("an empty folder with --delete: %v", err)
	}
	if notes, _, _ := s.published(); len(notes) != 2 {
		t.Errorf("an empty folder leaves readers with %v", notes)
	}
}

// TestTheSitesSettingsOutliveAFolderWithoutThem pushes a folder to a site whose owner has used the
// Settings form. Title and footer stay.
func TestTheSitesSettingsOutliveAFolderWithoutThem(t *testing.T) {
	s := start(t)
	s.mustPush(folder(t, map[string]string{"a.md": "a", "b.md": "b", trip2g.SettingsPath: "---\ntitle: Mine\n---\n"}), nil)
	dir := folder(t, map[string]string{"a.md": "a"})
	if summary, _ := s.mustPush(dir, nil); !slices.Equal(summary.Left, []string{"b.md"}) {
		t.Errorf("told of %q", summary.Left)
	}
	s.mustPush(dir, withDelete)
	if notes, _, _ := s.published(); len(notes) != 2 || notes[trip2g.SettingsPath] == "" {
		t.Errorf("readers see %v", notes)
	}
}

func TestAHiddenNoteComesBack(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"a.md": "a", "b.md": "b"})
	s.mustPush(dir, nil)
	remove(t, dir, "b.md")
	s.mustPush(dir, withDelete)
	write(t, dir, "b.md", "b")
	s.mustPush(dir, nil)
	if notes, _, _ := s.published(); notes["b.md"] != "b" {
		t.Errorf("readers see %v", notes)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"a.md": "![[a.png]]", "gone.md": "gone", "same.md": "same"})
	write(t, dir, "a.png", "pixels")
	s.mustPush(dir, nil)
	mutations := s.mutations.Load()
	remove(t, dir, "gone.md")
	write(t, dir, "a.md", "![[a.png]] ![[b.png]] ![](./b.png)")
	write(t, dir, "b.png", "more")
	write(t, dir, "new.md", "![[a.png]] ![[b.png]]")
	summary, told := s.mustPush(dir, func(o *push.Options, _ *client.Options) { o.DryRun, o.Delete = true, true })
	would := push.Summary{Sent: []string{"a.md", "new.md"}, Hidden: []string{"gone.md"}, Files: []string{"a.png", "b.png"}, Unchanged: 1}
	if diff := cmp.Diff(would, summary); diff != "" {
		t.Error(diff)
	}
	want := []string{"send a.md", "send new.md", "hide gone.md", "upload a.png (for new.md)", "upload b.png (for a.md, new.md)"}
	if diff := cmp.Diff(want, told.would); diff != "" {
		t.Error(diff)
	}
	if s.mutations.Load() != mutations {
		t.Errorf("%d mutations", s.mutations.Load()-mutations)
	}
}

// TestAPushTellsWhatItsNotesAreWarnedOf has an older note with broken YAML on the server. A push
// reports only the warnings about notes that it has sent.
func TestAPushTellsWhatItsNotesAreWarnedOf(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"before.md": "---\ntitle: [\n---\n"})
	s.mustPush(dir, nil)
	write(t, dir, "fine.md", "fine")
	if summary, _ := s.mustPush(dir, nil); len(summary.Warnings) != 0 {
		t.Errorf("of a good note: %v", summary.Warnings)
	}
	write(t, dir, "now.md", "one\n%% two\n")
	summary, _ := s.mustPush(dir, nil)
	if len(summary.Warnings) != 1 || summary.Warnings[0].Path != "now.md" || summary.Warnings[0].Line != 2 {
		t.Errorf("told %v", summary.Warnings)
	}
}

// TestAServerThatDoesNotTellOfWarningsCostsNothing has the server cut the connection, refuse, and
// reject the query for warnings. The push has succeeded, and the query is sent once.
func TestAServerThatDoesNotTellOfWarningsCostsNothing(t *testing.T) {
	says := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			io.WriteString(w, text)
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"hangs up":      func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"is away":       says(http.StatusServiceUnavailable, ""),
		"refuses":       says(http.StatusOK, `{"errors":[{"message":"no","extensions":{"code":"forbidden"}}],"data":null}`),
		"knows no such": says(http.StatusUnprocessableEntity, `{"errors":[{"message":"Cannot query field"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			var asked atomic.Int64
			s.instead("Warnings", func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				answer(w, r)
			})
			summary, told := s.mustPush(folder(t, map[string]string{"a.md": "---\ntitle: [\n---\n"}), nil)
			if notes, _, _ := s.published(); len(notes) != 1 || summary.Unseen != nil || len(summary.Warnings)+len(told.warnings) != 0 || asked.Load() != 1 {
				t.Errorf("readers see %v; asked %d times: %+v, %q", notes, asked.Load(), summary, told.warnings)
			}
		})
	}
}

// TestAPushWithSettingsThatItsKeyMayNotChangePublishesTheRest expects a warning that names the
// setting that was not applied and how to allow it.
func TestAPushWithSettingsThatItsKeyMayNotChangePublishesTheRest(t *testing.T) {
	s := start(t)
	secret, _, err := s.keys.CreateKey(t.Context(), "publishes", trip2g.Grant{Scopes: trip2g.DefaultScopes}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string]string{"_settings.md": "---\nstylesheet: my.css\n---\n", "a.md": "![[a.png]]"})
	write(t, dir, "my.css", "a {}")
	write(t, dir, "a.png", "pixels")
	withKey := func(_ *push.Options, c *client.Options) { c.Key = secret }
	summary, told := s.mustPush(dir, withKey)
	if !slices.Equal(summary.Sent, []string{"a.md"}) || !slices.Equal(summary.Files, []string{"a.png"}) {
		t.Errorf("it did %+v", summary)
	}
	if len(told.warnings) != 1 || !strings.HasPrefix(told.warnings[0], "_settings.md: was rejected by the server and skipped: it would change stylesheet") ||
		!strings.Contains(told.warnings[0], "trip2g keys update ID --scope read,publish,settings") {
		t.Errorf("it warns of %q", told.warnings)
	}

	// A changed file of a stylesheet that the owner has published is left out as well.
	s.mustPush(dir, nil)
	write(t, dir, "my.css", "b {}")
	write(t, dir, "a.md", "changed")
	summary, told = s.mustPush(dir, withKey)
	if !slices.Equal(summary.Sent, []string{"a.md"}) || len(summary.Files) != 0 {
		t.Errorf("it did %+v", summary)
	}
	if len(told.warnings) != 1 || !strings.Contains(told.warnings[0], "the file would change the stylesheet, which the API key may not") {
		t.Errorf("it warns of %q", told.warnings)
	}
}
