//go:build unix

package vault_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/vault"
)

func link(t *testing.T, dir, target, name string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func TestLinksNeverLeadOutOfTheFolder(t *testing.T) {
	outside := folder(t, map[string]string{"secret.md": "secret", "secret.png": "secret", "sub/deep.md": "secret"})
	dir := folder(t, map[string]string{"real.md": "real", "sub/pic.png": "pixels", "sub/note.md": "note"})
	link(t, dir, "real.md", "inside.md")
	link(t, dir, "../real.md", "sub/up.md")
	link(t, dir, "sub/pic.png", "pic link.png")
	link(t, dir, filepath.Join(outside, "secret.md"), "out.md")
	link(t, dir, filepath.Join(outside, "secret.png"), "out.png")
	link(t, dir, outside, "out folder")
	link(t, dir, "../../../../../../../../etc/passwd", "climb.md")
	link(t, dir, "nowhere.md", "dangling.md")
	link(t, dir, "loop b.md", "loop a.md")
	link(t, dir, "loop a.md", "loop b.md")
	link(t, dir, "..", "sub/parent")
	link(t, dir, ".", "self")
	v := open(t, dir)
	if diff := cmp.Diff([]string{"inside.md", "real.md", "sub/note.md", "sub/up.md"}, paths(v)); diff != "" {
		t.Error(diff)
	}
	got := warnings(v)
	for name, want := range map[string]string{
		"out.md": "secret.md", "out.png": "secret.png", "out folder": outside, "climb.md": "passwd", "dangling.md": "does not exist",
		"loop a.md": "not followed", "loop b.md": "not followed", "sub/parent": "folder", "self": "folder",
	} {
		if !strings.Contains(got[name], want) {
			t.Errorf("%s warns %q, want %q in it", name, got[name], want)
		}
	}
	if len(got) != 9 {
		t.Errorf("warnings: %v", got)
	}
	if found, ok := v.FindAsset("real.md", "pic link.png"); !ok || found != "pic link.png" {
		t.Errorf("a linked picture: %q, %v", found, ok)
	}
	if found, ok := v.FindAsset("real.md", "out.png"); ok {
		t.Errorf("a picture outside is found at %q", found)
	}
}

// TestALinkPublishesNothingThatARuleKeepsPrivate has links from published folders to excluded ones.
func TestALinkPublishesNothingThatARuleKeepsPrivate(t *testing.T) {
	dir := folder(t, map[string]string{
		".trip2gignore": "Diary/\n!Pub/kept.md\n", "Diary/a.md": "secret", "Diary/deep/pic.png": "secret", "Work/.trip2gignore": "plan.md\n", "Work/plan.md": "secret",
		".trash/old.md": "secret", "Pub/b.md": "", "Other/c.md": "secret", "Pub/data/pic.png": "", "_settings.md": "---\ninclude: Pub/\n---\n",
		".obsidian/templates.json": `{"folder": "Templates"}`, "Templates/day.md": "secret",
	})
	for name, target := range map[string]string{
		"Pub/diary.md": "../Diary/a.md", "Pub/kept.md": "../Diary/a.md", "Pub/chain.md": "diary.md", "Pub/pic.png": "../Diary/deep/pic.png", "Pub/plan.md": "../Work/plan.md",
		"Pub/trash.md": "../.trash/old.md", "Pub/c.md": "../Other/c.md", "Pub/twin.md": "b.md", "Pub/good.png": "data/pic.png", "Pub/day.md": "../Templates/day.md",
		"Pub/folder": "../Diary", "Pub/through.md": "folder/a.md",
	} {
		link(t, dir, target, name)
	}
	v := openWith(t, dir)
	if diff := cmp.Diff([]string{"Pub/b.md", "Pub/twin.md", "_settings.md"}, paths(v)); diff != "" {
		t.Error(diff)
	}
	out := excluded(v)
	for name, rule := range map[string]string{
		"Pub/diary.md": "a link to Diary/a.md: .trip2gignore:1", "Pub/kept.md": "a link to Diary/a.md: .trip2gignore:1", "Pub/chain.md": "a link to Diary/a.md: .trip2gignore:1",
		"Pub/plan.md": "a link to Work/plan.md: Work/.trip2gignore:1", "Pub/trash.md": "a link to .trash/old.md: hidden files are excluded",
		"Pub/c.md": "a link to Other/c.md: not in include of _settings.md", "Pub/through.md": "a link to Diary/a.md: .trip2gignore:1",
		"Pub/day.md": "a link to Templates/day.md: folder of templates (.obsidian/templates.json)",
	} {
		if out[name] != rule {
			t.Errorf("%s is left out by %q, want %q", name, out[name], rule)
		}
	}
	if found, ok := v.FindAsset("Pub/b.md", "pic.png"); !ok || found != "Pub/good.png" && found != "Pub/data/pic.png" {
		t.Errorf("the image found is %q", found)
	}
	if why := v.MissingAsset("Pub/b.md", "Pub/pic.png"); why != "which is excluded (a link to Diary/deep/pic.png: .trip2gignore:1)" {
		t.Errorf("a linked image of a folder that stays out: %q", why)
	}
}

// TestALinkThatTurnsOutwardsLaterIsNotFollowed replaces a note by a link after the folder was
// listed.
func TestALinkThatTurnsOutwardsLaterIsNotFollowed(t *testing.T) {
	outside := folder(t, map[string]string{"secret.md": "secret"})
	dir := folder(t, map[string]string{"a.md": "a", "a.png": "a"})
	v := open(t, dir)
	for _, name := range []string{"a.md", "a.png"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		link(t, dir, filepath.Join(outside, "secret.md"), name)
	}
	if content, err := v.ReadNote(t.Context(), "a.md"); err == nil {
		t.Errorf("read %q from outside", content)
	}
	if _, _, err := v.HashAsset(t.Context(), "a.png"); err == nil {
		t.Error("hashed a file outside")
	}
}

func TestWhatIsNoFileIsLeftOut(t *testing.T) {
	dir := folder(t, map[string]string{"note.md": "note"})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.md"), 0o644); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, "socket.md"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	link(t, dir, "pipe.md", "linked pipe.md")
	v := open(t, dir)
	if diff := cmp.Diff([]string{"note.md"}, paths(v)); diff != "" {
		t.Error(diff)
	}
	got := warnings(v)
	if !strings.Contains(got["pipe.md"], "named pipe") || !strings.Contains(got["linked pipe.md"], "named pipe") || !strings.Contains(got["socket.md"], "socket") {
		t.Errorf("warnings: %v", got)
	}
}

// TestAFileThatCannotBeReadIsNamed removes the owner's access to files. That has no effect for
// root, so root runs the test again as an unprivileged user.
func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	if os.Geteuid() == 0 {
		runAsNobody(t)
		return
	}
	dir := folder(t, map[string]string{"closed.md": "a", "shut/in.md": "b", "open.md": "c"})
	for _, name := range []string{"closed.md", "shut"} {
		if err := os.Chmod(filepath.Join(dir, name), 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(filepath.Join(dir, name), 0o755) })
	}
	_, err := vault.Open(t.Context(), dir, vault.Options{})
	got := map[string]string{}
	for _, f := range trip2g.ErrorFields(err) {
		got[f.Name] = f.Value
	}
	want := map[string]string{"closed.md": "cannot be read: permission denied", "shut": "the folder cannot be read: permission denied"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// runAsNobody runs only this test, as an unprivileged user, from a copy of the test's program that
// such a user can reach.
func runAsNobody(t *testing.T) {
	t.Helper()
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "vault.test")
	if err := os.WriteFile(name, program, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	cmd := exec.CommandContext(t.Context(), name, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}
