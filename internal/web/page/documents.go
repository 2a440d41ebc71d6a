package page

import "time"

// Export is everything kept about one person as a document to read: one file
// that needs nothing else, to be sent as a download.
type Export struct {
	Name, Email string
	Made        time.Time
	Sections    []ExportSection
}

// ExportSection is a table. Every row has as many cells as there are columns.
type ExportSection struct {
	Title   string
	Note    string
	Columns []string
	Rows    [][]string
}

// APIDocs is /docs/api, drawn from the OpenAPI document.
type APIDocs struct {
	Title, Version, Description string
	Server                      string // base URL of the API
	Groups                      []APIGroup
	Schemas                     []APISchema
}

// APIGroup is the operations under one tag.
type APIGroup struct {
	ID, Name, Description string
	Operations            []APIOperation
}

// APIOperation is one method of one path.
type APIOperation struct {
	ID, Method, Path     string
	Summary, Description string
	Security             string // how a caller proves itself; empty: not at all
	Params               []APIField
	Body                 []APIField
	BodySchema           string // id of a schema; empty: none
	Responses            []APIResponse
	Example              string // a curl line
}

// APIField is one parameter or member.
type APIField struct {
	Name, In, Type, Description string
	Required                    bool
}

// APIResponse is one answer.
type APIResponse struct{ Status, Description, Schema string }

// APISchema is one named object.
type APISchema struct {
	ID, Name, Description string
	Fields                []APIField
}

func (Export) sheet() sheet  { return sheet{name: "export", layout: bare} }
func (APIDocs) sheet() sheet { return sheet{name: "api_docs", layout: wide} }
