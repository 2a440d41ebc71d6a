package api

import "github.com/mortise-auth/mortise/internal/resource"

// DetailType is a type of authorization_details that an API understands (RFC 9396).
type DetailType struct {
	Type        string        `json:"type" doc:"What clients send as type."`
	Description string        `json:"description" doc:"In plain words, for the consent page."`
	Fields      []DetailField `json:"fields" doc:"What stands beside type, in the order it is shown. Others are refused."`
}

// DetailField is a member of an object of such a type.
type DetailField struct {
	Name        string        `json:"name"`
	Description string        `json:"description" doc:"What people call it, for the consent page."`
	Kind        string        `json:"kind" enum:"text,number,boolean,texts,object" doc:"texts is a list of texts; an object has fields of its own, and no object among them."`
	Required    bool          `json:"required,omitempty"`
	Fields      []DetailField `json:"fields,omitempty" doc:"Of an object."`
}

func showDetailTypes(all []resource.DetailType) []DetailType {
	out := make([]DetailType, len(all))
	for i, t := range all {
		out[i] = DetailType{t.Type, t.Description, showDetailFields(t.Fields)}
	}
	return out
}

func showDetailFields(all []resource.DetailField) []DetailField {
	out := make([]DetailField, len(all))
	for i, f := range all {
		out[i] = DetailField{f.Name, f.Description, string(f.Kind), f.Required, showDetailFields(f.Fields)}
	}
	return out
}

func detailTypes(all []DetailType) []resource.DetailType {
	out := make([]resource.DetailType, len(all))
	for i, t := range all {
		out[i] = resource.DetailType{Type: t.Type, Description: t.Description, Fields: detailFields(t.Fields)}
	}
	return out
}

func detailFields(all []DetailField) []resource.DetailField {
	if all == nil {
		return nil
	}
	out := make([]resource.DetailField, len(all))
	for i, f := range all {
		out[i] = resource.DetailField{Name: f.Name, Description: f.Description, Kind: resource.DetailKind(f.Kind), Required: f.Required, Fields: detailFields(f.Fields)}
	}
	return out
}
