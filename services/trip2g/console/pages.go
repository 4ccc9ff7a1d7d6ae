package console

// Prefix starts the addresses of the owner's pages.
const Prefix = "/_system/"

// page is one of the owner's pages: Prefix+path is its address, name that of its files.
type page struct {
	path  string
	name  string
	title string
	under string // for one that is not in the menu: the path of the page that the menu marks instead
}

// pages is all of them. The menu has them in this order.
var pages = []page{
	{path: "", name: "overview", title: "Overview"},
	{path: "notes", name: "notes", title: "Notes"},
	{path: "note", name: "note", title: "Note", under: "notes"},
	{path: "publish", name: "publish", title: "Publish"},
	{path: "warnings", name: "warnings", title: "Warnings"},
	{path: "missing", name: "missing", title: "Missing pages"},
	{path: "redirects", name: "redirects", title: "Redirects"},
	{path: "members", name: "members", title: "Members"},
	{path: "keys", name: "keys", title: "API keys"},
	{path: "settings", name: "settings", title: "Settings"},
	{path: "jobs", name: "jobs", title: "Jobs"},
	{path: "nodes", name: "nodes", title: "Nodes"},
	{path: "api", name: "playground", title: "API"},
}
