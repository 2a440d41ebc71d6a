package testidp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

// view is what the page shows.
type view struct {
	words
	Title  string
	Style  template.CSS
	Action string
	Hidden []pair
	People []Person
	Picked string // subject
	Hint   string
	Faults any
	Fault  Fault
	Left   bool
}

type pair struct{ Name, Value string }

func (p *Provider) title() string {
	if p.o.Title != "" {
		return p.o.Title
	}
	return "Test provider"
}

// choose is GET /authorize: who shall it be?
func (p *Provider) choose(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	in, ok := p.read(w, q)
	if !ok {
		return
	}
	if q.Get("prompt") == "none" {
		p.back(w, r, in, url.Values{"error": {"login_required"}})
		return
	}
	v := view{words: wordsFor(r), Title: p.title(), Action: p.base + "/authorize", People: p.list(), Hint: in.hint, Faults: Faults}
	v.Fault, _ = parseFault(q.Get("fault"))
	for _, name := range []string{"client_id", "redirect_uri", "response_type", "code_challenge", "code_challenge_method", "state", "nonce", "scope", "ui_locales"} {
		v.Hidden = append(v.Hidden, pair{name, q.Get(name)})
	}
	for _, one := range v.People {
		if v.Picked == "" || in.hint != "" && strings.EqualFold(one.Email, in.hint) {
			v.Picked = one.Subject
		}
	}
	p.show(w, http.StatusOK, v)
}

func (p *Provider) show(w http.ResponseWriter, status int, v view) {
	v.Style = style
	var b bytes.Buffer
	if err := layout.Execute(&b, v); err != nil {
		http.Error(w, "The page cannot be written.", http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256([]byte(style))
	// No form-action: where the form leads on to is for the client to say.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; frame-ancestors 'none'; base-uri 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // whoever asked is gone
}

const style template.CSS = `
:root { color-scheme: light dark; --ground: #f6f6f4; --card: #fff; --ink: #1c1d1f; --quiet: #55585d; --line: #8a8d92; --act: #1f4fbf; --on-act: #fff }
@media (prefers-color-scheme: dark) { :root { --ground: #151618; --card: #1d1f22; --ink: #ececea; --quiet: #b3b6bb; --line: #7a7e84; --act: #9dbcff; --on-act: #10182b } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 30rem; margin: 2rem auto; padding: 1.5rem; background: var(--card); border-radius: .75rem }
h1 { font-size: 1.375rem; margin: 0 0 .25rem }
p { margin: 0 0 1rem; color: var(--quiet) }
fieldset { border: 0; margin: 0 0 1.25rem; padding: 0 }
legend, .label { font-weight: 600; padding: 0; margin-bottom: .5rem; display: block }
.person { display: grid; grid-template-columns: auto 1fr; gap: 0 .75rem; padding: .625rem .75rem; border: 1px solid var(--line); border-radius: .5rem; margin-bottom: .5rem }
.person:has(:checked) { outline: 2px solid var(--act); outline-offset: -1px }
.person input { margin: .3rem 0 0; accent-color: var(--act) }
.person small { grid-column: 2; color: var(--quiet); overflow-wrap: anywhere }
input[type=text], input[type=email], select { width: 100%; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .75rem; min-height: 2.75rem }
.row { display: grid; gap: .5rem; margin: .25rem 0 .75rem }
details { margin-bottom: 1.25rem }
summary { cursor: pointer; min-height: 1.75rem }
.acts { display: grid; grid-template-columns: 1fr auto; gap: .75rem }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1.25rem; border-radius: .5rem; border: 1px solid var(--act); background: var(--act); color: var(--on-act); cursor: pointer }
button.plain { background: transparent; color: var(--ink); border-color: var(--line) }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
`

var layout = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{.Say .Title}}</title>
<style>{{.Style}}</style>
</head>
<body>
<main>
{{- if .Left}}
<h1>{{.Say "You have left"}}</h1>
<p>{{printf (.Say "%s has nobody signed in. You can close this page.") (.Say .Title)}}</p>
{{- else}}
<h1>{{.Say "Who shall it be?"}}</h1>
<p>{{printf (.Say "%s is for development: it asks for no password and lets anybody be anybody.") (.Say .Title)}}</p>
<form method="post" action="{{.Action}}">
{{- range .Hidden}}
<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{- end}}
<fieldset>
<legend>{{.Say "People"}}</legend>
{{- $picked := .Picked}}
{{- range .People}}
<label class="person"><input type="radio" id="person-{{.Subject}}" name="person" value="{{.Subject}}"{{if eq .Subject $picked}} checked{{end}}><span>{{or .Name .Email .Subject}}</span>
<small>{{or .Email ($.Say "no e-mail address")}}{{if and .Email (not .Verified)}}, {{$.Say "not checked"}}{{end}}{{with .Note}} · {{$.Say .}}{{end}}</small></label>
{{- end}}
<label class="person"><input type="radio" id="person-other" name="person" value="other"{{if not .People}} checked{{end}}><span>{{.Say "Somebody else"}}</span>
<small>{{.Say "with the address below, which counts as checked"}}</small></label>
<div class="row">
<label for="email">{{.Say "E-mail address of somebody else"}}</label>
<input id="email" type="email" name="email" value="{{.Hint}}" autocomplete="off">
<label for="display-name">{{.Say "Their name"}}</label>
<input id="display-name" type="text" name="display-name" autocomplete="off">
</div>
</fieldset>
<label class="label" for="fault">{{.Say "What shall go wrong?"}}</label>
<div class="row">
<select id="fault" name="fault">
{{- $fault := .Fault}}
{{- range .Faults}}
<option value="{{.Fault}}"{{if eq .Fault $fault}} selected{{end}}>{{$.Say .Words}}</option>
{{- end}}
</select>
</div>
<div class="acts">
<button id="submit" name="act" value="continue">{{.Say "Continue"}}</button>
<button id="cancel" class="plain" name="act" value="cancel">{{.Say "Cancel"}}</button>
</div>
</form>
{{- end}}
</main>
</body>
</html>
`))
