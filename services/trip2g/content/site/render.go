package site

import (
	"bytes"
	"cmp"
	"embed"
	"html/template"
	"math"
	"net/url"
	"time"

	"trip2g/services/trip2g"
)

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"href": escaped,
	"date": func(t time.Time) string { return t.Format(time.DateOnly) },

	"signedIn": trip2g.Reader.IsSignedIn,
	"owner":    trip2g.Reader.IsOwner,

	"static":         StaticURL,
	"readingScripts": func() []string { return readingScripts },
	"direction":      directionOf,
	"marked":         marked,
	"branches":       branchesHTML,
}).ParseFS(templateFiles, "templates/*.html"))

func (r *reading) view(title string, p place) *view {
	p.title = title
	v := &view{
		Lang: r.layout.lang, SiteName: r.layout.name, Stylesheet: stylesheetURL, Icon: r.icon(), Explorer: r.explorer(p),
		AllPrivate: r.layout.allPrivate, Reader: r.reader, SignIn: signInURL(p.address), Address: p.address, Title: title, Heading: title, Home: p.address == "/",
	}
	r.dress(v, p.system)
	return v
}

const htmlType = "text/html; charset=utf-8"

func (e *entry) contentType() string { return cmp.Or(e.doc.ContentType, htmlType) }

func (e *entry) address() string { return e.url }

func (e *entry) render(r *reading) []byte {
	if e.doc.ContentType != "" {
		return []byte(e.doc.Body)
	}
	body, err := r.Render(e.doc, r)
	if err != nil {
		r.Log.Error().Err(err).Str("note", e.Path).Msg("a note could not be rendered; its text is shown as it stands")
	}
	v := r.view(e.doc.Title, place{address: e.url, folder: e.listing.folder})
	v.Lang = cmp.Or(e.doc.Lang, r.layout.lang)
	v.Description, v.Created, v.Updated = e.doc.Description, e.doc.CreatedAt, e.doc.UpdatedAt
	if e.url == "/" {
		v.Description = cmp.Or(v.Description, r.layout.settings.Description)
	}
	v.Access = accessNames[e.access.Level]
	if e.access.Level == trip2g.Public {
		r.article(v, e)
	} else {
		v.Hidden = true
	}
	v.Alternates, v.Backlinks = r.alternates(e), r.backlinks(e)
	if !r.layout.settings.HideGraph {
		v.GraphURL = escaped(graphPrefix + e.url)
	}
	v.Contents, v.Tags = contentsOf(e.doc), tagLinks(e.doc)
	v.Body = template.HTML(body)
	if e.doc.TitleInBody {
		v.Heading = ""
	}
	v.Crumbs = r.crumbs(e.listing.folder, e.url)
	r.addTagged(v, e.url)
	return execute("note.html", v)
}

func (f *folder) address() string { return f.url }

func (f *folder) contentType() string { return htmlType }

// render lists a folder that has no note of its own.
func (f *folder) render(r *reading) []byte {
	title := f.name
	if f.url == "/" {
		title = r.layout.name
	}
	v := r.view(title, place{address: f.url, folder: f.url})
	v.Items, v.Crumbs = r.shelf().items(f.url, math.MaxInt), r.crumbs(f.url, f.url)
	if f.url == "/" {
		v.Description = r.layout.settings.Description
	}
	for i, item := range v.Items {
		if item.Folder {
			inside, _ := r.list(item.URL, maxCounted)
			v.Items[i].Count = len(inside)
		}
	}
	r.public(v, f.url)
	switch {
	case len(v.Items) > 0:
	case r.reader.IsSignedIn():
		v.Message = "There is nothing here to read."
	default:
		v.Message = "There is nothing here that everybody can read."
	}
	return execute("folder.html", v)
}

// maxCounted bounds what is counted in a folder for the list that it is in.
const maxCounted = 1000

// contentsOf lists a note's headings below its title, if there are enough to choose from.
func contentsOf(doc *trip2g.Document) []heading {
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

// signInURL is where a reader can sign in and come back to an address from.
func signInURL(address string) string {
	const page = systemPrefix + "/signin"
	if address == "" {
		return page
	}
	return page + "?" + url.Values{"next": {address}}.Encode()
}

// accessNames tell who may read a note that is not public.
var accessNames = map[trip2g.NoteAccess]string{trip2g.ForMembers: "Members", trip2g.ForGroups: "Groups"}

// gate stands for a note's page that is kept from the reader; url is "" if it is not to be told which.
type gate struct {
	url    string
	system bool // see place
}

func (g gate) address() string {
	if g.system {
		return "members only\n" + g.url
	}
	return "members\n" + g.url
}

func (g gate) contentType() string { return htmlType }

func (g gate) render(r *reading) []byte {
	v := r.view("For members", place{system: g.system})
	v.SignIn = signInURL(g.url)
	v.Hidden = true
	if r.reader.IsSignedIn() {
		v.Title, v.Heading = "For other members", "For other members"
		v.Message = "This page is for members of a group that you are not in. The owner of this site can add you."
	} else {
		v.Message, v.OffersSignIn = "This page is for members of this site. Sign in to read it.", true
	}
	return execute("notice.html", v)
}

func execute(name string, v any) (made []byte) {
	inBuffer(func(b *bytes.Buffer) {
		if err := templates.ExecuteTemplate(b, name, v); err != nil {
			// Only a fault in a template can be the cause: nothing that it is given can fail.
			panic(err)
		}
		made = bytes.Clone(b.Bytes())
	})
	return made
}
