package trip2g

// IgnoreFile is the name of the files that list, in the syntax of .gitignore, what of their folder
// stays out of a push.
const IgnoreFile = ".trip2gignore"

// PushRules are the patterns in a vault's settings that say what of the vault is published.
type PushRules struct {
	Exclude []string // matches are not published
	Include []string // if there is any, only matching notes are published
}

// Exclusion is a note that a rule keeps out of a push.
type Exclusion struct {
	Path string
	Rule string // for people: a file and line, a setting, or a rule's name
}
