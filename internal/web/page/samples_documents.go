package page

import "time"

func documentSamples() []Sample {
	return []Sample{
		signed("export", Export{
			Name: ada.Name, Email: ada.Email, Made: sampleNow,
			Sections: []ExportSection{
				{Title: "Addresses", Columns: []string{"Address", "State", "Since"}, Rows: [][]string{{"ada@example.test", "primary, confirmed", "2026-10-22"}}},
				{
					Title: "Sessions", Note: "Live when this document was made.", Columns: []string{"Device", "Place", "Last seen"},
					Rows: [][]string{{"Firefox on macOS", "Berlin, DE", "2026-11-22 14:30 UTC"}, {"Safari on iOS", "Berlin, DE", "2026-11-22 13:48 UTC"}},
				},
				{Title: "Organisations", Columns: []string{"Name", "Roles"}},
			},
		}),
		public("api-docs", sampleDocs()),
	}
}

func sampleDocs() APIDocs {
	return APIDocs{
		Title: "Mortise API", Version: "v1", Server: "https://id.example.test/api/v1",
		Description: "Everything the pages do, for programs. JSON in, JSON out; errors are application/problem+json.",
		Groups: []APIGroup{
			{ID: "tag-session", Name: "Session", Description: "Who is signed in, and until when.", Operations: []APIOperation{
				{
					ID: "op-signin", Method: "POST", Path: "/signin", Summary: "Sign in", Description: "One step with identifier and password; continues when more proof is needed.",
					Body:       []APIField{{Name: "identifier", Type: "string", Required: true, Description: "An e-mail address."}, {Name: "password", Type: "string", Required: true}, {Name: "deliver", Type: "cookie | tokens"}},
					BodySchema: "Signin", Responses: []APIResponse{{"200", "Complete, or the next step.", "Session"}, {"401", "Refused.", "Problem"}, {"429", "Too many attempts; see Retry-After.", "Problem"}},
					Example: "curl https://id.example.test/api/v1/signin \\\n  --json '{\"identifier\":\"ada@example.test\",\"password\":\"…\"}'",
				},
				{ID: "op-session", Method: "GET", Path: "/session", Summary: "Read the session", Security: "Session cookie", Responses: []APIResponse{{"200", "The session.", "Session"}}},
				{ID: "op-session-end", Method: "DELETE", Path: "/session", Summary: "Sign out", Security: "Session cookie", Responses: []APIResponse{{"204", "Ended.", ""}}},
			}},
			{ID: "tag-users", Name: "Users", Operations: []APIOperation{
				{
					ID: "op-users-update", Method: "PATCH", Path: "/users/{id}", Summary: "Change a user", Security: "Role admin",
					Params:    []APIField{{Name: "id", In: "path", Type: "string", Required: true, Description: "usr_…"}, {Name: "If-Match", In: "header", Type: "string"}},
					Responses: []APIResponse{{"200", "The user as it is now.", "User"}, {"409", "It changed in the meantime.", "Problem"}},
				},
			}},
		},
		Schemas: []APISchema{
			{ID: "Signin", Name: "Signin", Fields: []APIField{{Name: "identifier", Type: "string", Required: true}, {Name: "password", Type: "string", Required: true}}},
			{ID: "Session", Name: "Session", Fields: []APIField{{Name: "id", Type: "string", Required: true, Description: "ses_…"}, {Name: "expires_at", Type: "date-time", Required: true}}},
			{ID: "User", Name: "User", Fields: []APIField{{Name: "id", Type: "string", Required: true}, {Name: "name", Type: "string"}}},
			{ID: "Problem", Name: "Problem", Description: "RFC 9457.", Fields: []APIField{{Name: "code", Type: "string", Required: true}, {Name: "detail", Type: "string"}, {Name: "created", Type: "date-time", Description: sampleNow.Format(time.DateOnly)}}},
		},
	}
}
