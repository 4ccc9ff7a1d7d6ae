package markdown

import "testing"

// TestATextThatCannotBeParsedKeepsItsComments checks that a parser failure does not reveal
// comments.
func TestATextThatCannotBeParsedKeepsItsComments(t *testing.T) {
	const in, want = "a `%%b%%` c\n%%\nsecret\n%%\nd \\%% e\n%%rest", "a `` c\n\n\n\nd \\%% e\n"
	if got := withoutFenced(in); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
