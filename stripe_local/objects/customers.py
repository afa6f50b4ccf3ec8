"""Customer."""

from stripe_local.errors import Json
from stripe_local.events import changed, emit
from stripe_local.ids import random_text
from stripe_local.objects import payment_methods
from stripe_local.objects._common import changed_fields
from stripe_local.router import answers
from stripe_local.world import World

_FIELDS = ("address", "business_name", "description", "email", "individual_name", "name", "phone", "shipping")


@answers("post", "/v1/customers")
def create(w: World, p: Json) -> Json:
    customer = w.new(
        "customer",
        "cus_",
        {
            "address": None,
            "balance": p.get("balance", 0),
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "description": None,
            "discount": None,
            "email": None,
            "invoice_prefix": random_text(8).upper(),
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "metadata": {},
            "name": None,
            "phone": None,
            "preferred_locales": p.get("preferred_locales", []),
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        },
    )
    changed_fields(customer, p, _FIELDS)
    w.save(customer)
    emit(w, "customer.created", customer)
    if "payment_method" in p:
        payment_methods.attach_to(
            w, payment_methods.named(w, p["payment_method"], "payment_method"), customer["id"]
        )
    return customer


@answers("get", "/v1/customers/{customer}")
def retrieve(w: World, p: Json, customer: str) -> Json:
    return w.get("customer", customer)


@answers("post", "/v1/customers/{customer}")
def update(w: World, p: Json, customer: str) -> Json:
    body = w.get("customer", customer)
    before = {**body}
    changed_fields(body, p, (*_FIELDS, "preferred_locales"))
    if "invoice_settings" in p:
        body["invoice_settings"] = {**body["invoice_settings"], **p["invoice_settings"]}
    w.save(body)
    emit(w, "customer.updated", body, changed(before, body))
    return body


@answers("delete", "/v1/customers/{customer}")
def delete(w: World, p: Json, customer: str) -> Json:
    body = w.get("customer", customer)
    w.delete(body)
    emit(w, "customer.deleted", body)
    return {"id": customer, "object": "customer", "deleted": True}


@answers("get", "/v1/customers")
def list_customers(w: World, p: Json) -> Json:
    return w.page("customer", "/v1/customers", p, ("email",))


@answers("get", "/v1/customers/{customer}/payment_methods")
def list_payment_methods(w: World, p: Json, customer: str) -> Json:
    w.get("customer", customer)
    owned = (" AND json_extract(body, '$.customer') = ?", [customer])
    return w.page("payment_method", f"/v1/customers/{customer}/payment_methods", p, ("type",), owned)


@answers("get", "/v1/customers/{customer}/payment_methods/{payment_method}")
def retrieve_payment_method(w: World, p: Json, customer: str, payment_method: str) -> Json:
    w.get("customer", customer)
    return w.get("payment_method", payment_method)
