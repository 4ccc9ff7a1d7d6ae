package render

import (
	"cmp"
	"html/template"
	"slices"
	"strings"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/index"
)

const htmlType = "text/html; charset=utf-8"

// notePage is the page of a note.
type notePage struct{ *index.Entry }

func (n notePage) contentType() string { return cmp.Or(n.Doc.ContentType, htmlType) }

func (n notePage) key() string { return n.URL }

func (n notePage) render(r *renderContext) []byte {
	if n.Doc.ContentType != "" {
		return []byte(n.Doc.Body)
	}
	body, err := r.Render(n.Doc, r)
	if err != nil {
		r.Log.Error().Err(err).Str("note", n.Path).Msg("a note could not be rendered; its text is shown as it stands")
	}
	v := r.pageData(n.Doc.Title, pagePosition{url: n.URL, folder: n.Listing.Folder})
	v.Lang = cmp.Or(n.Doc.Lang, r.Layout.Lang)
	v.Description, v.Created, v.Updated = n.Doc.Description, n.Doc.CreatedAt, n.Doc.UpdatedAt
	if n.URL == "/" {
		v.Description = cmp.Or(v.Description, r.Layout.Settings.Description)
	}
	if n.Access.Level == trip2g.Public {
		r.addNoteMetadata(v, n.Entry)
	} else {
		v.Hidden, v.Access = true, r.texts.Text(accessLabels[n.Access.Level])
	}
	v.Alternates, v.Backlinks = r.alternates(n.Entry), r.backlinkItems(n.Entry)
	if !r.Layout.Settings.HideGraph {
		v.GraphURL = escapeURL(graphPrefix + n.URL)
	}
	v.Contents, v.Tags = tableOfContents(n.Doc), tagLinks(n.Doc)
	v.Body = template.HTML(body)
	if n.Doc.TitleInBody {
		v.Heading = ""
	}
	v.Crumbs = r.breadcrumbs(n.Listing.Folder, n.URL)
	r.addTagLists(v, n.URL)
	return executeTemplate(r.texts, "note.html", v)
}

// tableOfContents returns the headings below the title, nil if there are too few for a table of
// contents.
func tableOfContents(doc *trip2g.Document) []heading {
	const enough = 2
	var list []heading
	for i, h := range doc.Headings {
		if i == 0 && doc.TitleInBody {
			continue
		}
		list = append(list, heading{h.Level, h.ID, h.Text})
	}
	if len(list) < enough {
		return nil
	}
	return list
}

func tagLinks(doc *trip2g.Document) []tagLink {
	var list []tagLink
	for _, tag := range doc.Tags {
		list = append(list, tagLink{tag, trip2g.TagURL(tag)})
	}
	return list
}

// accessLabels are the message keys for the access of notes that are not public.
var accessLabels = map[trip2g.NoteAccess]string{trip2g.ForMembers: "note.members", trip2g.ForGroups: "note.groups"}

// alternates returns the readable translations of a note, and the note itself.
func (r *renderContext) alternates(e *index.Entry) []alternate {
	var list []alternate
	for lang, ref := range e.Doc.Languages {
		url, ok := r.Note(ref)
		if ok && r.pageSummary(url).readable && url != e.URL {
			list = append(list, alternate{lang, r.absoluteURL(url)})
		}
	}
	if list == nil {
		return nil
	}
	own := strings.ToLower(cmp.Or(e.Doc.Lang, r.Layout.Lang))
	list = slices.DeleteFunc(list, func(a alternate) bool { return a.Lang == own })
	list = append(list, alternate{own, r.absoluteURL(e.URL)})
	slices.SortFunc(list, func(a, b alternate) int { return strings.Compare(a.Lang, b.Lang) })
	return list
}
