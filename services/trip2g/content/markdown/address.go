package markdown

// Address returns the URL path that a note requests, "" if the note is not visible. It parses only
// the frontmatter.
func Address(notePath, content string) string {
	url, ok := parseFrontmatter(notePath, wellFormed(content)).Address(notePath)
	if !ok {
		return ""
	}
	return url
}
