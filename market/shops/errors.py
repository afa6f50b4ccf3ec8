from market.kit.errors import Conflict, Refusal
from market.kit.words import N_


class NumberTaken(Conflict):
    """A merchant's article number names one product."""

    text = N_("商品编号“%(number)s”已经用在另一件商品上。")


class ForeignImage(Refusal):
    """The picture is not there, not ready, or belongs to somebody else."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("有图片不存在、还没处理好，或不是您上传的。")


class UnreadableFile(Refusal):
    status = 422
    title = N_("文件无法读取")
    text = N_("这个文件读不出来。请在表格软件里选择“另存为 CSV（UTF-8）”，再上传。")


class WorkbookFile(UnreadableFile):
    text = N_("这是 Excel 工作簿，不是 CSV。请在表格软件里选择“另存为 CSV（UTF-8）”，再上传。")


class FileTooLarge(UnreadableFile):
    title = N_("文件太大")
    text = N_("文件最大 %(size)s，最多 %(rows)s 行。请分成几个文件上传。")


class EmptyFile(UnreadableFile):
    text = N_("文件里没有商品：第一行是列名，从第二行起每行一件商品。")


class UnknownColumns(UnreadableFile):
    title = N_("列名不对")
    text = N_("第一行的列名对不上：缺少 %(missing)s；不认识 %(unknown)s。请以示例文件为准。")


class NothingGood(Conflict):
    text = N_("这个文件里没有可以导入的行，请改好后重新上传。")
