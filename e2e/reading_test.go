package e2e

import "testing"

// TestReadersSeeTheDocumentationOnEveryNode opens pages as a reader does, on a desk and a phone, in
// light and dark.
func TestReadersSeeTheDocumentationOnEveryNode(t *testing.T) {
	s := litefsStack(t)
	for _, n := range s.nodes() {
		for _, on := range []screen{desktop, desktop.inTheDark(), phone, phone.inTheDark()} {
			t.Run(n.service+"/"+on.name, func(t *testing.T) {
				w := openWindow(t, n, on)
				for name, path := range map[string]string{"start": "/", "folder": "/operate", "note": "/operate/replicas"} {
					w.open(path)
					w.await("main h1")
					if wide := ask[int](w, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
						t.Errorf("%s is %d pixels wider than the screen", path, wide)
					}
					w.shot(name)
				}
			})
		}
	}
}
