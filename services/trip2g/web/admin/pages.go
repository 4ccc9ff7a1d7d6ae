package admin

// Prefix starts the addresses of the owner's pages.
const Prefix = "/_system/"

// page is one of the owner's pages: Prefix+path is its address, name that of its files.
type page struct {
	path  string
	name  string
	title string
	group string // heading in the menu; "" for none
	under string // for one that is not in the menu: the path of the page that the menu marks instead
}

// Groups of the menu: what readers see, who may do what, and how the server does.
const (
	contentGroup = "Content"
	peopleGroup  = "People"
	systemGroup  = "System"
)

// pages is all of them. The menu has them in this order.
var pages = []page{
	{path: "", name: "overview", title: "Overview"},
	{path: "notes", name: "notes", title: "Notes", group: contentGroup},
	{path: "note", name: "note", title: "Note", under: "notes"},
	{path: "publish", name: "publish", title: "Publish", group: contentGroup},
	{path: "warnings", name: "warnings", title: "Warnings", group: contentGroup},
	{path: "missing", name: "missing", title: "Missing pages", group: contentGroup},
	{path: "redirects", name: "redirects", title: "Redirects", group: contentGroup},
	{path: "members", name: "members", title: "Members", group: peopleGroup},
	{path: "keys", name: "keys", title: "API keys", group: peopleGroup},
	{path: "settings", name: "settings", title: "Settings", group: systemGroup},
	{path: "jobs", name: "jobs", title: "Jobs", group: systemGroup},
	{path: "nodes", name: "nodes", title: "Nodes", group: systemGroup},
	{path: "api", name: "playground", title: "API", group: systemGroup},
}
