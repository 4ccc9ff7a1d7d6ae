package site

import (
	"cmp"
	"html/template"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

const htmlType = "text/html; charset=utf-8"

func (e *entry) contentType() string { return cmp.Or(e.doc.ContentType, htmlType) }

func (e *entry) key() string { return e.url }

func (e *entry) render(r *renderContext) []byte {
	if e.doc.ContentType != "" {
		return []byte(e.doc.Body)
	}
	body, err := r.Render(e.doc, r)
	if err != nil {
		r.Log.Error().Err(err).Str("note", e.Path).Msg("a note could not be rendered; its text is shown as it stands")
	}
	v := r.pageData(e.doc.Title, pagePosition{url: e.url, folder: e.listing.folder})
	v.Lang = cmp.Or(e.doc.Lang, r.layout.lang)
	v.Description, v.Created, v.Updated = e.doc.Description, e.doc.CreatedAt, e.doc.UpdatedAt
	if e.url == "/" {
		v.Description = cmp.Or(v.Description, r.layout.settings.Description)
	}
	v.Access = accessLabels[e.access.Level]
	if e.access.Level == trip2g.Public {
		r.addNoteMetadata(v, e)
	} else {
		v.Hidden = true
	}
	v.Alternates, v.Backlinks = r.alternates(e), r.backlinkItems(e)
	if !r.layout.settings.HideGraph {
		v.GraphURL = escapeURL(graphPrefix + e.url)
	}
	v.Contents, v.Tags = tableOfContents(e.doc), tagLinks(e.doc)
	v.Body = template.HTML(body)
	if e.doc.TitleInBody {
		v.Heading = ""
	}
	v.Crumbs = r.breadcrumbs(e.listing.folder, e.url)
	r.addTagLists(v, e.url)
	return executeTemplate("note.html", v)
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

// accessLabels name the access of notes that are not public.
var accessLabels = map[trip2g.NoteAccess]string{trip2g.ForMembers: "Members", trip2g.ForGroups: "Groups"}

// alternates returns the readable translations of a note, and the note itself.
func (r *renderContext) alternates(e *entry) []alternate {
	var list []alternate
	for lang, ref := range e.doc.Languages {
		url, ok := r.Note(ref)
		if ok && r.pageSummary(url).readable && url != e.url {
			list = append(list, alternate{lang, r.absoluteURL(url)})
		}
	}
	if list == nil {
		return nil
	}
	own := strings.ToLower(cmp.Or(e.doc.Lang, r.layout.lang))
	list = slices.DeleteFunc(list, func(a alternate) bool { return a.Lang == own })
	list = append(list, alternate{own, r.absoluteURL(e.url)})
	slices.SortFunc(list, func(a, b alternate) int { return strings.Compare(a.Lang, b.Lang) })
	return list
}
