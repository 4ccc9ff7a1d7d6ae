package trip2g_test

import (
	"mime"
	"testing"

	"trip2g/services/trip2g"
)

// The tables of the operating system do not influence the type.
func TestAFilesTypeIsThatOfItsNameOnEveryMachine(t *testing.T) {
	for extension, wrong := range map[string]string{".png": "text/html", ".unknown": "text/html", ".md": "application/x-genesis-rom"} {
		if err := mime.AddExtensionType(extension, wrong); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"a.png": "image/png", "img/A.PNG": "image/png", "a b.svg": "image/svg+xml", "x.html": "text/html; charset=utf-8",
		"a.md": "text/markdown; charset=utf-8", "film.mkv": "video/matroska", "sound.ogg": "audio/ogg", "p.pdf": "application/pdf",
		"a.unknown": "application/octet-stream", "noending": "application/octet-stream", "a.png/b": "application/octet-stream", "": "application/octet-stream",
		"a.png ": "application/octet-stream", ".png": "image/png", "page.xhtml": "application/octet-stream",
	} {
		if got := trip2g.ContentType(name); got != want {
			t.Errorf("%q is served as %s, want %s", name, got, want)
		}
	}
}
