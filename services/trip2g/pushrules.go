package trip2g

// IgnoreFile is the name of files that exclude parts of their folder from a push, in the syntax of
// .gitignore.
const IgnoreFile = ".trip2gignore"

// PushRules are the patterns in a vault's settings that select the notes to publish.
type PushRules struct {
	Exclude []string // matches are not published
	Include []string // if not empty, only matching notes are published
}

// Exclusion is a note that a rule excludes from a push.
type Exclusion struct {
	Path string
	Rule string // for people: a file and line, a setting, or a rule's name
}
