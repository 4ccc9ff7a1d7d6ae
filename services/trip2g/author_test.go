package trip2g

import "testing"

// A version in the history shows the name of the key or user that its author identifies.
func TestAnAuthorIsReadAsItWasWritten(t *testing.T) {
	if id, ok := KeyAuthor(12).KeyID(); id != 12 || !ok || KeyAuthor(12) != "key:12" {
		t.Errorf("key 12 is %q, read as %d, %v", KeyAuthor(12), id, ok)
	}
	if id, ok := UserAuthor(3).UserID(); id != 3 || !ok || UserAuthor(3) != "user:3" {
		t.Errorf("user 3 is %q, read as %d, %v", UserAuthor(3), id, ok)
	}
	for _, a := range []Author{"", "key", "key:", "key:x", "user:1 ", "key:99999999999999999999", "anna"} {
		if id, ok := a.KeyID(); ok {
			t.Errorf("%q is key %d", a, id)
		}
		if id, ok := a.UserID(); ok {
			t.Errorf("%q is user %d", a, id)
		}
	}
}
