package main

import "github.com/mortise-auth/mortise/cmd/mortise/internal/output"

// hints say at a terminal what the sentences of some codes, which are also read by
// people in a browser about their own account, cannot: title, and what to do.
var hints = map[string][2]string{
	"connection_unknown":    {"There is no such connection.", "Check its id; mortise connections list shows all."},
	"consent_unknown":       {"The person has not allowed that client anything.", "mortise users consents shows what they allowed."},
	"domain_record_missing": {"The domain's DNS does not have the TXT record yet.", "mortise orgs domains list shows the record; a change can take an hour to be seen."},
	"grant_unknown":         {"The person has no such grant.", "mortise users grants lists them."},
	"link_unknown":          {"The person has no such link.", "mortise users links list shows them."},
	"organization_unknown":  {"There is no such organisation.", "Check its slug or id; mortise orgs list shows all."},
	"passkey_unknown":       {"The person has no such passkey.", "mortise users factors list shows their factors."},
	"role_unknown":          {"There is no such role.", "Check its name; mortise roles list shows all."},
	"session_unknown":       {"The person has no such session.", "mortise users sessions lists those that are live."},
}

func hinted(pr output.Problem) output.Problem {
	if h, ok := hints[pr.Code]; ok {
		pr.Title, pr.Detail = h[0], h[0]+" "+h[1]
	}
	return pr
}

// synonyms are verbs that people try, for those that there are.
var synonyms = map[string][]string{
	"create": {"add"}, "add": {"create"}, "new": {"create", "add"}, "show": {"get", "list"}, "ls": {"list"},
	"rm": {"delete", "remove"}, "remove": {"delete"}, "delete": {"remove"}, "edit": {"update", "set"}, "set": {"update"}, "update": {"set"},
	"suspend": {"disable"}, "block": {"disable"}, "unblock": {"enable"}, "reset": {"recovery-link"}, "invite": {"create"},
}
