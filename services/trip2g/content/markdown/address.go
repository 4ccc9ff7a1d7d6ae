package markdown

// Address returns the URL path that a note asks for, "" if it is not to be seen. Only the frontmatter is
// read for it.
func Address(notePath, content string) string {
	url, ok := parseFrontmatter(notePath, wellFormed(content)).Address(notePath)
	if !ok {
		return ""
	}
	return url
}
