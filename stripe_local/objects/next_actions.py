"""What a payer has to do next: the `next_action` of a PaymentIntent, and where it leads."""

from stripe_local import qr
from stripe_local.errors import Json
from stripe_local.world import World


def wallet_action(w: World, intent: Json, type: str) -> Json:
    url = f"{w.base_url}/pay/{type}/{intent['id']}"
    if type == "alipay":
        return {
            "type": "alipay_handle_redirect",
            "alipay_handle_redirect": {
                "native_data": None,
                "native_url": None,
                "return_url": intent["_return_url"],
                "url": url,
            },
        }
    picture = qr.data_url(intent["id"])
    return {
        "type": "wechat_pay_display_qr_code",
        "wechat_pay_display_qr_code": {
            "data": f"weixin://wxpay/bizpayurl?sandbox={intent['id']}",
            "hosted_instructions_url": url,
            "image_data_url": picture,
            "image_url_png": picture,
            "image_url_svg": picture,
        },
    }


def challenge_action(w: World, intent: Json) -> Json:
    url = f"{w.base_url}/pay/card/{intent['id']}"
    if intent["_return_url"]:
        return {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": intent["_return_url"], "url": url},
        }
    return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}


def action_url(intent: Json) -> str:
    """The page that a payer is sent to."""
    action = intent["next_action"]
    details = action[action["type"]]
    return str(details.get("url") or details.get("hosted_instructions_url") or details.get("stripe_js"))
